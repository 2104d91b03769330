// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;
using Physr.Linux.Mapped;

namespace Physr.Linux.Tests.Mapped;

/// <summary>A mapping that grows or shrinks keeps what it has, and moves under nobody.</summary>
public sealed class MappedResizingTests : IDisposable
{
    private static readonly nuint s_page = (nuint)Environment.SystemPageSize;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 1 << 21)]
    [InlineData(true, 1 << 21)]
    public void WhatIsThereStays_WhatIsNewIsZeros_WhateverWasThereBefore(bool hasGuards, int alignment)
    {
        using MappedMemory memory = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = 100, HasGuards = hasGuards, Alignment = (nuint)alignment });
        List<byte> oracle = [.. new byte[100]];
        Random random = new(5);
        for (int step = 0; step < 100; step++)
        {
            int length = random.Next(1, step % 10 == 0 ? 500_000 : 20_000);
            memory.Resize((nuint)length);
            oracle = [.. oracle.Take(length), .. new byte[int.Max(0, length - oracle.Count)]];
            Assert.Equal((nuint)length, memory.Length);
            Assert.True(memory.ReadOnlySpan(0, length).SequenceEqual(oracle.ToArray()));
            int offset = random.Next(length);
            memory.Span((nuint)offset, length - offset).Fill((byte)step);
            oracle = [.. oracle.Take(offset), .. Enumerable.Repeat((byte)step, length - offset)];
            using MappedView view = memory.View(0, 1);
            Assert.Equal(0, alignment == 0 ? 0 : view.Address % alignment);
            Assert.True(!hasGuards || step % 10 != 0 || SelfMaps.At(view.Address)!.End - view.Address == (nint)Alignment.Up((ulong)length, s_page));
        }
    }

    [Fact]
    public void AFileBecomesLonger_AndNeverShorter()
    {
        string path = _folder.File("file");
        using MappedMemory memory = MappedMemory.Create(path, new() { Access = MappedAccess.ReadWrite, Length = 10 });
        memory.Resize(10_000);
        memory.Span(0, 10_000).Fill(1);
        memory.Resize(5);
        Assert.Equal((10_000L, (nuint)5), (new FileInfo(path).Length, memory.Length));
        memory.Resize(10_000);
        Assert.False(memory.ReadOnlySpan(0, 10_000).ContainsAnyExcept((byte)1));
        memory.Resize(20_001);
        Assert.Equal((20_001L, 0), (new FileInfo(path).Length, memory.ReadOnlySpan(20_000, 1)[0]));
        using MappedMemory second = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite, Offset = s_page, Allocates = true });
        second.Resize(100_000);
        Assert.Equal(100_000 + (long)s_page, new FileInfo(path).Length);
        using Microsoft.Win32.SafeHandles.SafeFileHandle full = File.OpenHandle(path, share: FileShare.ReadWrite);
        Assert.Equal(0, Interop.LibC.Statx(full, "", Interop.PathFlags.AT_EMPTY_PATH, Interop.StatxMask.STATX_BASIC_STATS, out Interop.StatxRecord record));
        Assert.True(record.Blocks * 512 >= 100_000 + s_page);
    }

    [Fact]
    public void WhatCannotGrowSaysSo()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, new byte[10_000]);
        using MappedMemory reading = MappedMemory.Open(path, new() { Length = 10 });
        reading.Resize(10_000);
        Assert.Equal(Errno.ENXIO, reading.TryResize(10_001, out string reason));
        Assert.Contains("it has 10000 bytes", reason, StringComparison.Ordinal);
        Assert.Equal((nuint)10_000, reading.Length);
        Assert.Equal(Errno.EINVAL, reading.TryResize(0, out _));
        Assert.Equal(Errno.EINVAL, reading.TryResize(nuint.MaxValue, out _));
        using MappedMemory shared = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, IsShared = true, Length = 10_000 });
        shared.Resize(4096);
        Assert.Equal(Errno.EINVAL, shared.TryResize(10_000, out reason));
        Assert.Contains("use TryCreateInMemory", reason, StringComparison.Ordinal);
        using MappedMemory anonymous = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = 10 });
        anonymous.Span(0, 10).Fill(3);
        Assert.Equal(Errno.ENOMEM, anonymous.TryResize((nuint)1 << 46, out reason));
        Assert.StartsWith("anonymous memory: ENOMEM: bytes [0, 70368744177664): there is no room", reason, StringComparison.Ordinal);
        Assert.Equal(3, anonymous.ReadOnlySpan(9, 1)[0]);
    }

    [Fact]
    public void NothingMovesWhileSomebodyHasIt()
    {
        using MappedMemory memory = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = 10 });
        Memory<byte> bytes = memory.AsMemory(0, 10);
        using (memory.View(0, 1))
        using (MemoryHandle pin = bytes.Pin())
        {
            Assert.Equal(Errno.EBUSY, memory.TryResize(1 << 20, out string reason));
            Assert.Equal("anonymous memory: EBUSY: 2 views, pins or calls are out, whose bytes would move: let them end first", reason);
        }

        memory.Resize(1 << 20);
        bytes.Span[9] = 8;
        Assert.Equal(8, memory.ReadOnlySpan(9, 1)[0]);
        memory.Resize(5);
        Assert.Throws<ArgumentOutOfRangeException>(() => bytes.Span.Length);
        Assert.Equal(5, bytes[..5].Span.Length);
        Memory<byte> far = memory.AsMemory(5, 0);
        memory.Resize(4);
        Assert.Throws<ArgumentOutOfRangeException>(() => far.Span.Length);
    }

    [Fact]
    public void PartsThatAreUnlikeAreNotMoved_AndStay()
    {
        using MappedMemory memory = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = 4 * s_page, HasGuards = true });
        memory.Window(0, memory.Length).Fill(1);
        memory.Lock(0, s_page);
        Errno errno = memory.TryResize(8 * s_page, out string reason);
        Assert.Equal(Errno.EFAULT, errno);
        Assert.Contains("undo that first", reason, StringComparison.Ordinal);
        Assert.False(memory.ReadOnlySpan(0, 4 * (int)s_page).ContainsAnyExcept((byte)1));
        memory.Unlock(0, s_page);
        memory.Resize(8 * s_page);
        Assert.False(memory.ReadOnlySpan(0, 4 * (int)s_page).ContainsAnyExcept((byte)1));
    }
}
