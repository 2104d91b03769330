// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Tests;

/// <content>Mapped memory, and files past the page cache.</content>
public sealed partial class HeaderTests
{
    internal static HeaderTable Mapped { get; } = new()
    {
        Headers = ["sys/mman.h", "sys/uio.h", "unistd.h", "linux/fs.h", "linux/mman.h"],
        Prototypes = new(StringComparer.Ordinal)
        {
            ["mremap"] = "void *mremap(void *, unsigned long, unsigned long, int, ...)",
            ["munlock"] = "int munlock(const void *, unsigned long)",
            ["mincore"] = "int mincore(void *, unsigned long, unsigned char *)",
            ["process_vm_readv"] = "long process_vm_readv(int, const struct iovec *, unsigned long, const struct iovec *, unsigned long, unsigned long)",
            ["process_vm_writev"] = "long process_vm_writev(int, const struct iovec *, unsigned long, const struct iovec *, unsigned long, unsigned long)",
            ["fdatasync"] = "int fdatasync(int)",
        },
    };

    [SkippableFact]
    public void TheFlagForThePageCacheIsThisMachines() =>
        Assert.Equal("", CCompiler.Check(Preamble + $"_Static_assert(O_DIRECT == {(int)LibC.OpenDirect}, \"O_DIRECT\");"));
}
