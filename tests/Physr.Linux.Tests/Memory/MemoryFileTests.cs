// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;
using Physr.Linux.Memory;
using Physr.Linux.Tests.Infrastructure;

namespace Physr.Linux.Tests.Memory;

/// <summary>Files in memory keep their length, read as zeros where nothing is, and are taken over only where nobody can cut them.</summary>
[Collection(HugePages.Collection)]
public sealed unsafe class MemoryFileTests
{
    private const int Page = 4096;

    [Fact]
    public void ItsLengthIsForEver()
    {
        Assert.Equal(Errno.None, MemoryFile.TryCreate("fixed", 4 * Page, out MemoryFile? made, out string reason));
        using MemoryFile file = made!;
        Assert.Equal((4UL * Page, ""), (file.Length, reason));
        Assert.Equal((-1, Errno.EPERM), (LibC.Ftruncate(file.Handle, Page), LibC.LastError));
        Assert.Equal((-1, Errno.EPERM), (LibC.Ftruncate(file.Handle, 8 * Page), LibC.LastError));
        Assert.Equal(Errno.EPERM, file.TryGrow(8 * Page));
        Assert.Equal((-1, Errno.EPERM), (LibC.Fcntl(file.Handle, DescriptorCommand.F_ADD_SEALS, (int)Seals.F_SEAL_WRITE), LibC.LastError));
        byte one = 1;
        Assert.True(file.Write((nint)(&one), 1, 4 * Page) is Errno.EPERM or Errno.EIO);
        Assert.Equal(Errno.EIO, file.Read((nint)(&one), 1, 4 * Page));
        Assert.Equal(4UL * Page, file.Length);
    }

    [Fact]
    public void AGrowableOneGrows_AndNeverShrinks()
    {
        Assert.Equal(Errno.None, MemoryFile.TryCreateGrowable("growing", out MemoryFile? made, out _));
        using MemoryFile file = made!;
        Assert.Equal(0UL, file.Length);
        Assert.Equal(Errno.None, file.TryGrow(2 * Page));
        Assert.Equal(Errno.EINVAL, file.TryGrow(Page));
        Assert.Equal((-1, Errno.EPERM), (LibC.Ftruncate(file.Handle, Page), LibC.LastError));
        Assert.Equal((-1, Errno.EPERM), (LibC.Fcntl(file.Handle, DescriptorCommand.F_ADD_SEALS, (int)Seals.F_SEAL_GROW), LibC.LastError));
        Assert.Equal(Errno.None, file.TryGrow(3 * Page));
        Assert.Equal(3UL * Page, file.Length);
        Assert.Equal(Errno.ENXIO, file.TryMap(2 * Page, 2 * Page, false, out _, out string reason));
        Assert.Contains($"{3 * Page} bytes", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsWrittenIsSeenByMappings_AndHolesAreFoundAndMade()
    {
        Assert.Equal(Errno.None, MemoryFile.TryCreate("bytes", 16 * Page, out MemoryFile? made, out _));
        using MemoryFile file = made!;
        Assert.False(file.TryNextData(0, out _, out _));
        byte[] bytes = new byte[3 * Page];
        new Random(1).NextBytes(bytes);
        fixed (byte* source = bytes)
        {
            Assert.Equal(Errno.None, file.Write((nint)source, 3 * Page, 4 * Page));
        }

        Assert.Equal(Errno.None, file.TryMap(4 * Page, 3 * Page, true, out Mapping? view, out _));
        using Mapping mapping = view!;
        Assert.True(new ReadOnlySpan<byte>((byte*)mapping.Address, 3 * Page).SequenceEqual(bytes));
        Assert.Equal(Errno.EACCES, ReadOnlyCopyMapped(file));
        Assert.Equal(Errno.None, file.Punch(5 * Page, Page));
        Assert.False(new ReadOnlySpan<byte>((byte*)mapping.Address + Page, Page).ContainsAnyExcept((byte)0));
        byte[] seen = new byte[3 * Page];
        fixed (byte* destination = seen)
        {
            Assert.Equal(Errno.None, file.Read((nint)destination, 3 * Page, 4 * Page));
        }

        bytes.AsSpan(Page, Page).Clear();
        Assert.Equal(bytes, seen);
        Assert.Equal(Errno.EINVAL, file.Punch(0, 0));
    }

    [Fact]
    public void DataIsFoundBetweenHoles()
    {
        Assert.Equal(Errno.None, MemoryFile.TryCreate("holes", 16 * Page, out MemoryFile? made, out _));
        using MemoryFile file = made!;
        byte one = 1;
        foreach (ulong page in (ulong[])[2, 3, 9])
        {
            Assert.Equal(Errno.None, file.Write((nint)(&one), 1, page * Page));
        }

        List<(ulong Start, ulong End)> found = [];
        for (ulong from = 0; file.TryNextData(from, out ulong start, out ulong end); from = end)
        {
            found.Add((start / Page, end / Page));
        }

        Assert.Equal([(2, 4), (9, 10)], found);
        Assert.False(file.TryNextData(16 * Page, out _, out _));
        Assert.True(file.Has(2 * Page, 2 * Page));
        Assert.True(file.Has(9 * Page, Page));
        Assert.False(file.Has(2 * Page, 3 * Page));
        Assert.False(file.Has(8 * Page, 2 * Page));
        Assert.False(file.Has(15 * Page, Page));
        Assert.True(file.Has(0, 0));
    }

    [Fact]
    public void OnlyAnUncuttableMemfdIsTakenOver_AndAnythingElseStaysTheCallers()
    {
        using Pipe pipe = new();
        Refused(pipe.Reading, Errno.EINVAL, "pipe:");
        using TemporaryFolder folder = new();
        using (SafeFileHandle regular = File.OpenHandle(folder.File("regular"), FileMode.CreateNew, FileAccess.ReadWrite))
        {
            RandomAccess.SetLength(regular, 8 * Page);
            Refused(regular, Errno.EINVAL, "regular");
        }

        using (SafeFileHandle unsealed = LibC.MemfdCreate("unsealed", MemfdFlags.MFD_CLOEXEC | MemfdFlags.MFD_ALLOW_SEALING))
        {
            Assert.Equal(0, LibC.Ftruncate(unsealed, 8 * Page));
            Refused(unsealed, Errno.EPERM, "F_SEAL_SHRINK");
            Assert.Equal(0, LibC.Fcntl(unsealed, DescriptorCommand.F_ADD_SEALS, (int)Seals.F_SEAL_SHRINK));
            Assert.Equal(Errno.None, MemoryFile.TryAdopt(unsealed, 8 * Page, out MemoryFile? sealedNow, out _));
            Assert.Equal(8UL * Page, sealedNow!.Length);
        }

        Assert.Equal(Errno.None, MemoryFile.TryCreate("sent", 2 * Page, out MemoryFile? made, out _));
        using MemoryFile file = made!;
        Refused(file.Handle, Errno.EINVAL, $"{2 * Page} bytes");
        SafeFileHandle copy = new(LibC.Fcntl(file.Handle, DescriptorCommand.F_DUPFD_CLOEXEC, 0), ownsHandle: true);
        Assert.Equal(Errno.None, MemoryFile.TryAdopt(copy, 2 * Page, out MemoryFile? adopted, out string reason));
        Assert.Equal((2UL * Page, ""), (adopted!.Length, reason));
        adopted.Dispose();
        Assert.True(copy.IsClosed);
        Refused(copy, Errno.EBADF, "closed");
    }

    [Fact]
    public void ANameOrALengthThatCannotBeIsExplained()
    {
        Assert.Equal(Errno.EINVAL, MemoryFile.TryCreate("odd", Page + 1, out MemoryFile? file, out string reason));
        Assert.Null(file);
        Assert.Contains($"a multiple of {Page}", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, MemoryFile.TryCreate("none", 0, out _, out _));
        Assert.Equal(Errno.EINVAL, MemoryFile.TryCreate("zero\0", Page, out _, out reason));
        Assert.Contains("zero character", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, MemoryFile.TryCreate(new string('n', 250), Page, out _, out reason));
        Assert.Contains("249", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, MemoryFile.TryCreateHuge("huge", Page, HugePageSize.TwoMebibytes, out _, out reason));
        Assert.Contains($"a multiple of {2 << 20}", reason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void LargePagesAreMappedWhereTheSystemHasSome_AndNamedWhereItHasNone()
    {
        const int Huge = 2 << 20;
        using HugePages? some = Environment.IsPrivilegedProcess && File.Exists(HugePages.Surplus) ? HugePages.Allow("16") : null;
        Errno errno = MemoryFile.TryCreateHuge("huge", 2 * Huge, HugePageSize.TwoMebibytes, out MemoryFile? made, out string reason);
        Assert.True(errno is Errno.None or Errno.ENODEV, reason);
        if (errno == Errno.ENODEV)
        {
            Assert.Contains("vm.nr_hugepages", reason, StringComparison.Ordinal);
            return;
        }

        using MemoryFile file = made!;
        errno = Mapping.TryMapGuarded(file.Handle, 0, 2 * Huge, true, out Mapping? view, out reason);
        if (errno != Errno.None)
        {
            Assert.Equal(Errno.ENOMEM, errno);
            Assert.Contains("vm.nr_hugepages", reason, StringComparison.Ordinal);
            Skip.If(true, reason);
        }

        using Mapping mapping = view!;
        Assert.Equal(0, mapping.Address % Huge);
        Assert.Equal(Errno.None, mapping.Advise(mapping.Address, 2 * Huge, MemoryAdvice.PopulateWrite));
    }

    private static void Refused(SafeFileHandle handle, Errno expected, string word)
    {
        bool wasClosed = handle.IsClosed;
        Assert.Equal(expected, MemoryFile.TryAdopt(handle, 4 * Page, out MemoryFile? file, out string reason));
        Assert.Null(file);
        Assert.Contains(word, reason, StringComparison.Ordinal);
        Assert.Equal(wasClosed, handle.IsClosed);
    }

    /// <summary>What mapping a descriptor for stores gives that was opened for reading.</summary>
    private static Errno ReadOnlyCopyMapped(MemoryFile file)
    {
        using SafeFileHandle reading = LibC.OpenAt(PathFlags.AT_FDCWD, $"/proc/self/fd/{file.Handle.DangerousGetHandle()}", OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
        Errno errno = Mapping.TryMapGuarded(reading, 0, Page, true, out Mapping? mapping, out string reason);
        Assert.Null(mapping);
        Assert.Contains("was not opened for that", reason, StringComparison.Ordinal);
        return errno;
    }
}
