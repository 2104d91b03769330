// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using static Physr.Mm.Tests.Selftests.SelftestHost;

namespace Physr.Mm.Tests.Selftests;

/// <summary>Memory without page descriptors (the kernel's <c>pfnmap.c</c>, section 4.7).</summary>
public sealed class PfnMapTests
{
    [Fact]
    public void madvise_disallowed() => With((host, process, at) =>
    {
        foreach (MemoryAdvice advice in (MemoryAdvice[])[MemoryAdvice.DontNeed, MemoryAdvice.Free, MemoryAdvice.WipeOnFork, MemoryAdvice.PageOut, MemoryAdvice.PopulateRead, MemoryAdvice.PopulateWrite])
        {
            Assert.Equal(Errno.EINVAL, process.TryAdvise(at, PageBytes, advice));
        }

        process.Expect(at, Numbers(2));
    });

    [Fact]
    public void munmap_split() => With((host, process, at) =>
    {
        process.Unmap(at, 1);
        Assert.Equal(AccessOutcome.MapError, process.Touch(at));
        process.Expect(at.At(1), Numbers(1, 2));
    });

    [Fact]
    public void mremap_fixed() => With((host, process, at) =>
    {
        VirtualAddress target = process.Map(2, Protection.None);
        Assert.Equal(Errno.None, process.TryRemap(new(at, 2 * PageBytes, 2 * PageBytes) { MayMove = true, NewAddress = target }, out VirtualAddress moved));
        Assert.Equal(target, moved);
        Assert.Equal(AccessOutcome.MapError, process.Touch(at));
        process.Expect(target, Numbers(2));
    });

    [Fact]
    public void mremap_shrink() => With((host, process, at) =>
    {
        Assert.Equal(Errno.None, process.TryRemap(new(at, 2 * PageBytes, PageBytes), out VirtualAddress same));
        Assert.Equal(at, same);
        process.Expect(at, Numbers(1));
        Assert.Equal(AccessOutcome.MapError, process.Touch(at.At(1)));
    });

    [Fact]
    public void mremap_expand() => With((host, process, at) =>
    {
        Assert.Equal(Errno.None, process.TryRemap(new(at, 2 * PageBytes, PageBytes), out _));
        Assert.Equal(Errno.EFAULT, process.TryRemap(new(at, PageBytes, 2 * PageBytes) { MayMove = true }, out _));
        process.Expect(at, Numbers(1));
    });

    [Fact]
    public void pfnmap_fork() => With((host, process, at) =>
    {
        AddressSpace child = host.Fork(process);
        child.Expect(at, Numbers(2));
        child.Put(at, Fill(1, 9));
        process.Expect(at, Fill(1, 9));
        Assert.Equal(Errno.EFAULT, process.TryPin(at, PageBytes, PinFlags.None, out _));
        Assert.Equal((0L, 0L), (process.ResidentPages, child.ResidentPages));
    });

    private static void With(Action<SelftestHost, AddressSpace, VirtualAddress> test) => Run(host =>
    {
        PhysicalRange range = new(new(64UL << 30), Huge);
        using NativeRam bytes = new(range);
        host.Memory.AttachBytes(range, bytes);
        DeviceFile file = host.Last(new DeviceFile(host.Memory, "/dev/mem", new(range.Start, 2 * PageBytes)));
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(2, file: file, isShared: true);
        process.Put(at, Numbers(2));
        test(host, process, at);
    });
}
