// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;
using Physr.Linux.Mapped;

namespace Physr.Linux.Tests.Mapped;

/// <summary>Transfers past the page cache: whole or an error, and aligned or refused by name.</summary>
public sealed class DirectFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void WhatIsWrittenIsInTheFile_AndNotInThePageCache()
    {
        using DirectFile file = Create();
        using AlignedBuffer buffer = AlignedBuffer.Allocate(1 << 20);
        byte[] pattern = MappedFileTests.Pattern(1 << 20);
        pattern.CopyTo(buffer.Span);
        file.Write(buffer.Window, 0);
        file.Flush();
        Assert.Equal((1UL << 20, Errno.None, false), (file.Length, file.Failure, file.IsReadOnly));
        using (MappedMemory mapped = MappedMemory.Open(file.Path, new() { Access = MappedAccess.ReadWrite }))
        {
            mapped.TryCountResident(0, mapped.Length, out nuint pages, out _);
            Assert.Equal((nuint)0, pages);
        }

        buffer.Clear();
        file.Read(buffer.Span, 0);
        Assert.True(buffer.Span.SequenceEqual(pattern));
        Assert.Equal(Errno.None, file.TryRead(buffer, 4096, 8192, 1 << 16, out string reason));
        Assert.Equal(("", true), (reason, buffer.Span.Slice(4096, 8192).SequenceEqual(pattern.AsSpan(1 << 16, 8192))));
        Assert.Equal(Errno.None, file.TryWrite(buffer, 0, 4096, 1 << 20, out _));
        Assert.Equal(pattern, File.ReadAllBytes(file.Path)[..(1 << 20)]);
        Assert.Equal((1 << 20) + 4096, new FileInfo(file.Path).Length);
    }

    [SkippableFact]
    public void WhatIsNotAlignedIsRefusedByName()
    {
        using DirectFile file = Create();
        (nuint memory, nuint offset) = (file.Alignment.Memory, file.Alignment.Offset);
        Assert.True(file.Alignment.IsTold || offset >= 512);
        using AlignedBuffer buffer = AlignedBuffer.Allocate(4 * nuint.Max(4096, nuint.Max(memory, offset)), memory);
        file.Write(buffer.Window, 0);
        if (memory > 1)
        {
            Assert.Equal(Errno.EINVAL, file.TryRead(buffer.Window.Slice(1, offset), 0, out string reason));
            Assert.Contains($"they lie at address 0x{buffer.Address + 1:x} in memory: a multiple of {memory} is needed", reason, StringComparison.Ordinal);
        }

        Assert.Equal(Errno.EINVAL, file.TryRead(buffer.Window.Slice(0, offset), 1, out string why));
        Assert.Equal($"{file.Path}: EINVAL: bytes [1, {1 + offset}): offset 1: a multiple of {offset} is needed", why);
        Assert.Equal(Errno.EINVAL, file.TryWrite(buffer.Window.Slice(0, offset - 1), 0, out why));
        Assert.Contains($"length {offset - 1}: a multiple of {offset} is needed", why, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, file.TryRead(buffer.Window, ulong.MaxValue - offset + 1, out why));
        Assert.Contains("no file is so long", why, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.TryRead(buffer, buffer.Length, 1, 0, out _));
        Assert.Equal(0, buffer.Leases);

        // As little as that is taken.
        Assert.Equal(Errno.None, file.TryRead(buffer.Window.Slice(memory, offset), offset, out why));
        Assert.Equal(Errno.None, file.TryWrite(default(ReadOnlyMemoryWindow), 0, out _));
    }

    [SkippableFact]
    public void AFileThatEndsBeforeIsAnError_UnlessWhatThereIsIsAskedFor()
    {
        using DirectFile file = Create();
        using AlignedBuffer buffer = AlignedBuffer.Allocate(3 * 4096);
        buffer.Span.Fill(5);
        file.Write(buffer.Window.Slice(0, 8192), 0);
        Assert.Equal(Errno.None, file.TrySetLength(5000, out _));
        buffer.Clear();
        Assert.Equal(Errno.ENODATA, file.TryRead(buffer.Window, 0, out string reason));
        Assert.Contains("the file ends at 5000: read up to there (TryReadUpTo)", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, file.TryReadUpTo(buffer.Window, 0, out nuint count, out _));
        Assert.Equal((nuint)5000, count);
        Assert.False(buffer.Span[..5000].ContainsAnyExcept((byte)5));
        Assert.Equal((Errno.None, (nuint)0), (file.TryReadUpTo(buffer.Window, 1 << 20, out count, out _), count));
        Assert.Equal(5000UL, file.Length);
    }

    [SkippableFact]
    public void BlocksAreGivenInAdvance()
    {
        using DirectFile file = Create();
        file.Preallocate(1 << 20);
        Assert.Equal(1UL << 20, file.Length);
        Assert.Equal(0, LibC.Statx(file.Handle, "", PathFlags.AT_EMPTY_PATH, StatxMask.STATX_BASIC_STATS, out StatxRecord record));
        Assert.True(record.Blocks >= (1 << 20) / 512);
        Assert.Equal(Errno.EINVAL, file.TryPreallocate(0, out _));
        Assert.Equal(Errno.EFBIG, file.TryPreallocate(ulong.MaxValue, out _));
        Assert.Equal(Errno.EFBIG, file.TrySetLength(ulong.MaxValue, out string reason));
        Assert.Contains("allows no file so long", reason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void AFileForReadingIsNotWritten()
    {
        string path;
        using (DirectFile made = Create())
        {
            made.Preallocate(4096);
            path = made.Path;
            Assert.Equal(Errno.EEXIST, DirectFile.TryCreate(path, out _, out _));
        }

        using DirectFile file = DirectFile.Open(path, isReadOnly: true);
        using AlignedBuffer buffer = AlignedBuffer.Allocate(4096);
        Assert.Equal(Errno.EROFS, file.TryWrite(buffer.Window, 0, out string reason));
        Assert.Contains("opened for reading alone", reason, StringComparison.Ordinal);
        file.Read(buffer.Window, 0);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.TryRead(buffer, 0, 4096, 0, out _));
        Assert.Throws<ObjectDisposedException>(() => file.TryFlush(out _));
        Assert.Throws<ObjectDisposedException>(() => file.Length);
        Assert.Equal(0, SelfMaps.Descriptors(path));
    }

    [Fact]
    public void AFileSystemWithoutSuchTransfersIsRefusedByName()
    {
        Assert.Equal(Errno.EOPNOTSUPP, DirectFile.TryOpen("/proc/self/status", isReadOnly: true, out DirectFile? file, out string reason));
        Assert.Null(file);
        Assert.StartsWith("/proc/self/status: its file system (0x9fa0) has no transfers past the page cache", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.ENOENT, DirectFile.TryOpen(_folder.File("none"), isReadOnly: true, out _, out _));
        Assert.Equal(Errno.EISDIR, DirectFile.TryOpen(_folder.Path, isReadOnly: true, out _, out _));
        Assert.Equal(Errno.ENOENT, DirectFile.TryCreate(_folder.File("none/file"), out _, out _));
        Assert.NotEqual(Errno.None, DirectFile.TryOpen("/dev/zero", isReadOnly: true, out _, out _));
    }

    [SkippableFact]
    public void AFileSystemInMemoryWorks_WithAlignmentsThatAreSafe()
    {
        const string Folder = "/dev/shm";
        Skip.IfNot(Directory.Exists(Folder), $"there is no {Folder}");
        string path = Path.Combine(Folder, Guid.NewGuid().ToString("N"));
        Errno errno = DirectFile.TryCreate(path, out DirectFile? file, out string reason);
        Skip.If(errno == Errno.EOPNOTSUPP, reason);
        try
        {
            using AlignedBuffer buffer = AlignedBuffer.Allocate(8192);
            buffer.Span.Fill(1);
            file!.Write(buffer.Window, 0);
            buffer.Clear();
            file.Read(buffer.Window, 0);
            Assert.False(buffer.Span.ContainsAnyExcept((byte)1));
        }
        finally
        {
            file?.Dispose();
            File.Delete(path);
        }

        Assert.False(File.Exists(path));
    }

    [SkippableTheory]
    [InlineData(512)]
    [InlineData(4096)]
    public void ABlockDevicesSectorIsItsAlignment(int sector)
    {
        string path = _folder.File("disk");
        File.WriteAllBytes(path, new byte[1 << 20]);
        string device = LoopDevice.Attach(path, sector);
        try
        {
            using DirectFile file = DirectFile.Open(device, isReadOnly: false);
            Assert.Equal((1UL << 20, (uint)sector), (file.Length, file.Alignment.Offset));
            using AlignedBuffer buffer = AlignedBuffer.Allocate(8192);
            buffer.Span.Fill(7);
            file.Write(buffer.Window, 4096);
            file.Flush();
            Assert.Equal(7, File.ReadAllBytes(path)[4096 + 8191]);
            Assert.Equal(Errno.ENODATA, file.TryRead(buffer.Window, (1 << 20) - 4096, out _));
            Assert.Equal(Errno.EINVAL, file.TrySetLength(1, out _));
            Assert.Equal(((uint)sector, false), (DirectAlignment.Conclude(default, BlockDevice.SectorOf(file.Handle)).Offset, DirectAlignment.Conclude(default, 512).IsTold));
        }
        finally
        {
            LoopDevice.Detach(device);
        }
    }

    [Theory]
    [InlineData(null, 4096u, 4096u)]
    [InlineData(null, 1u << 20, 4096u)]
    [InlineData(null, 0u, 512u)]
    [InlineData(null, 3000u, 4096u)]
    [InlineData(512u, 4096u, 512u)]
    [InlineData(8192u, 4096u, 8192u)]
    public void WhereNobodyTellsTheAlignmentIsConcluded(uint? sector, uint block, uint expected) =>
        Assert.Equal(new DirectAlignment(expected, expected, IsTold: false), DirectAlignment.Conclude(new StatxRecord { BlockSize = block }, sector));

    [SkippableFact]
    public void WithoutTheFileSystemsWordTheDisksBlockCounts()
    {
        using DirectFile file = Create();
        Assert.Equal(0, LibC.Statx(file.Handle, "", PathFlags.AT_EMPTY_PATH, StatxMask.STATX_BASIC_STATS, out StatxRecord record));
        string queue = $"/sys/dev/block/{record.DeviceMajor}:{record.DeviceMinor}/queue/logical_block_size";
        Skip.IfNot(File.Exists(queue), "this folder is on no whole disk");
        Assert.Equal(uint.Parse(File.ReadAllText(queue)), DirectAlignment.Conclude(record, null).Offset);
    }

    [SkippableFact]
    public void TransfersAllocateNothing()
    {
        using DirectFile file = Create();
        using AlignedBuffer buffer = AlignedBuffer.Allocate(4096);
        Errno all = Errno.None;
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            all |= file.TryWrite(buffer, 0, 4096, 0, out _);
            all |= file.TryRead(buffer.Window, 0, out _);
        }));
        Assert.Equal(Errno.None, all);
    }

    private DirectFile Create()
    {
        Errno errno = DirectFile.TryCreate(_folder.File(Guid.NewGuid().ToString("N")), out DirectFile? file, out string reason);
        Skip.If(errno == Errno.EOPNOTSUPP, reason);
        Assert.True(errno == Errno.None, reason);
        return file!;
    }
}
