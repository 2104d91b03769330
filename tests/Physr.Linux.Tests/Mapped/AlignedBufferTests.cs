// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;
using Physr.Linux.Mapped;

namespace Physr.Linux.Tests.Mapped;

/// <summary>A buffer lies where it is to lie, is empty, and goes when nobody has it.</summary>
public sealed class AlignedBufferTests
{
    [Theory]
    [InlineData(0, 4096)]
    [InlineData(1, 4096)]
    [InlineData(64, 4096)]
    [InlineData(4096, 4096)]
    [InlineData(8192, 8192)]
    [InlineData(1 << 16, 1 << 16)]
    [InlineData(2 << 20, 2 << 20)]
    [InlineData(1 << 30, 1 << 30)]
    public void AnyPowerOfTwoIsKept_AndNoMoreIsMappedThanIsNeeded(int asked, int expected)
    {
        for (int turn = 0; turn < 3; turn++)
        {
            using AlignedBuffer buffer = Make(new() { Length = 10_000, Alignment = (nuint)asked, HasGuards = true });
            Assert.Equal((0, (nuint)10_000, (nuint)expected), (buffer.Address % expected, buffer.Length, buffer.Alignment));
            Assert.False(buffer.Span.ContainsAnyExcept((byte)0));
            buffer.Span.Fill(1);
            SelfMaps map = SelfMaps.At(buffer.Address)!;
            Assert.Equal((buffer.Address, buffer.Address + (3 * 4096)), (map.Start, map.End));
            using AlignedBuffer plain = AlignedBuffer.Allocate(1, (nuint)asked);
            Assert.Equal(0, plain.Address % expected);
            buffer.Clear();
            Assert.False(buffer.Span.ContainsAnyExcept((byte)0));
        }
    }

    [Fact]
    public void WhatHasNoSuchBufferIsRefused()
    {
        Assert.Equal(Errno.EINVAL, AlignedBuffer.TryAllocate(new() { Length = 0 }, out AlignedBuffer? buffer, out string reason));
        Assert.Contains("0 bytes are asked for", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, AlignedBuffer.TryAllocate(new() { Length = 1, Alignment = 12 }, out buffer, out reason));
        Assert.Contains("an alignment of 12 bytes: a power of two is needed", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.ENOMEM, AlignedBuffer.TryAllocate(new() { Length = (nuint)1 << 60 }, out buffer, out _));
        Assert.Null(buffer);
    }

    [Fact]
    public void NoForkGetsIt_UnlessThatIsAsked()
    {
        using AlignedBuffer buffer = Make(new() { Length = 4096, HasGuards = true, DontDump = true, Locks = true });
        Assert.Superset(new HashSet<string>(["dc", "dd", "lo"], StringComparer.Ordinal), new HashSet<string>(SelfMaps.At(buffer.Address)!.Flags, StringComparer.Ordinal));
        Assert.Equal("---p", SelfMaps.At(buffer.Address + 4096)?.Protection);
        using AlignedBuffer copied = Make(new() { Length = 4096, HasGuards = true, IsCopiedByFork = true, Populates = true });
        Assert.DoesNotContain("dc", SelfMaps.At(copied.Address)!.Flags);
        Assert.Equal((nuint)4096, SelfMaps.At(copied.Address)!.Bytes("Rss"));
    }

    [Fact]
    public void ItGoesWithTheLastLease()
    {
        AlignedBuffer buffer = Make(new() { Length = 37 * 4096, HasGuards = true });
        SelfMaps map = SelfMaps.At(buffer.Address)!;
        Memory<byte> bytes = buffer.Memory;
        MemoryHandle pin = bytes.Pin();
        MappedView view = buffer.View(0, 10);
        Assert.Equal(2, buffer.Leases);
        buffer.Dispose();
        Assert.Equal(map, SelfMaps.At(buffer.Address));
        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => buffer.Window.Length);
        Assert.Throws<ObjectDisposedException>(() => buffer.Memory);
        Assert.Throws<ObjectDisposedException>(() => bytes.Span.Length);
        Assert.Throws<ObjectDisposedException>(buffer.Clear);
        view.Dispose();
        Assert.Equal(map, SelfMaps.At(buffer.Address));
        pin.Dispose();
        Assert.NotEqual(map, SelfMaps.At(buffer.Address));
        buffer.Dispose();
    }

    [Fact]
    public void LengthsThatNoSpanHoldsAreReachedByWindowsAndViews()
    {
        nuint length = unchecked((nuint)(3UL << 30));
        using AlignedBuffer buffer = AlignedBuffer.Allocate(length);
        Assert.Throws<InvalidOperationException>(() => buffer.Span.Length);
        Assert.Throws<InvalidOperationException>(() => buffer.Memory);
        buffer.Window[length - 1] = 4;
        using MappedView view = buffer.View(length - 10, 10);
        Assert.Equal(4, view.Memory.Span[9]);
    }

    [Fact]
    public void ItServesWhoeverWantsAMemoryOwner()
    {
        using IMemoryOwner<byte> owner = AlignedBuffer.Allocate(100);
        owner.Memory.Span.Fill(1);
        Assert.Equal(100, owner.Memory.Length);
    }

    private static AlignedBuffer Make(AlignedBufferOptions options)
    {
        Errno errno = AlignedBuffer.TryAllocate(options, out AlignedBuffer? buffer, out string reason);
        Assert.True(errno == Errno.None && reason.Length == 0, reason);
        return buffer!;
    }
}
