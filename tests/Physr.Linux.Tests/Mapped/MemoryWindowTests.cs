// Copyright (c) The Physr authors. Licensed under the MIT license.

using FsCheck;
using FsCheck.Fluent;
using Physr.Linux.Mapped;

namespace Physr.Linux.Tests.Mapped;

/// <summary>A window behaves as an array of its bytes does.</summary>
public sealed class MemoryWindowTests
{
    private enum Act
    {
        Set,
        Get,
        Slice,
        SliceFrom,
        Fill,
        Copy,
        ReadValue,
        WriteValue,
        Pieces,
        Equal,
        Span,
    }

    [Fact]
    public void WhateverIsDoneToAWindow_ItIsWhatAnArrayWouldBe() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte[] Bytes, (byte Act, byte First, byte Second, byte Value)[] Steps)>(), static input =>
        {
            byte[] oracle = [.. input.Bytes ?? []];
            byte[] actual = [.. oracle];
            MemoryWindow window = actual.AsSpan();
            (int from, int length) = (0, oracle.Length);
            foreach ((byte act, byte first, byte second, byte value) in input.Steps ?? [])
            {
                // A little beyond the end, too.
                (int offset, int count) = (first % (length + 2), second % (length + 2));
                bool isWithin = offset + count <= length;
                switch ((Act)(act % Enum.GetValues<Act>().Length))
                {
                    case Act.Set when offset < length:
                        window[(nuint)offset] = oracle[from + offset] = value;
                        break;
                    case Act.Get:
                        if (offset < length)
                        {
                            Assert.Equal(oracle[from + offset], window[(nuint)offset]);
                        }
                        else
                        {
                            Refused(window, (nuint)offset, static (window, offset) => window[offset]);
                        }

                        break;
                    case Act.Slice when isWithin:
                        window = window.Slice((nuint)offset, (nuint)count);
                        (from, length) = (from + offset, count);
                        break;
                    case Act.SliceFrom when offset <= length:
                        window = window.Slice((nuint)offset);
                        (from, length) = (from + offset, length - offset);
                        break;
                    case Act.Fill when isWithin:
                        window.Slice((nuint)offset, (nuint)count).Fill(value);
                        oracle.AsSpan(from + offset, count).Fill(value);
                        break;
                    case Act.Copy when isWithin:
                        // Also onto itself, forwards and backwards.
                        int to = value % (length - count + 1);
                        window.Slice((nuint)offset, (nuint)count).CopyTo(window.Slice((nuint)to));
                        oracle.AsSpan(from + offset, count).CopyTo(oracle.AsSpan(from + to));
                        break;
                    case Act.ReadValue when offset + 4 <= length:
                        Assert.Equal(BitConverter.ToInt32(oracle, from + offset), window.Read<int>((nuint)offset));
                        break;
                    case Act.WriteValue when offset + 4 <= length:
                        window.Write((nuint)offset, value * 0x01020304);
                        BitConverter.TryWriteBytes(oracle.AsSpan(from + offset), value * 0x01020304);
                        break;
                    case Act.Pieces:
                        List<byte> all = [];
                        foreach (ReadOnlySpan<byte> piece in ((ReadOnlyMemoryWindow)window).Pieces((value % 7) + 1))
                        {
                            Assert.InRange(piece.Length, 1, (value % 7) + 1);
                            all.AddRange(piece);
                        }

                        Assert.Equal(oracle.AsSpan(from, length).ToArray(), all);
                        break;
                    case Act.Equal:
                        Assert.True(window.SequenceEqual(oracle.AsSpan(from, length)));
                        Assert.False(window.SequenceEqual(oracle.AsSpan(from, length).ToArray().Append((byte)0).ToArray().AsSpan()));
                        break;
                    case Act.Span when isWithin:
                        Assert.True(window.AsSpan((nuint)offset, count).SequenceEqual(oracle.AsSpan(from + offset, count)));
                        break;
                    default:
                        if (!isWithin)
                        {
                            Refused(window, (nuint)offset, (nuint)count, static (window, offset, count) => window.Slice(offset, count).Length);
                            Refused(window, (nuint)offset, (nuint)count, static (window, offset, count) => (nuint)window.AsSpan(offset, (int)count).Length);
                        }

                        break;
                }

                Assert.Equal((nuint)length, window.Length);
            }

            Assert.Equal(oracle, actual);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void WhatLiesBeyondTheEndIsRefused()
    {
        byte[] bytes = new byte[8];
        Assert.Throws<ArgumentOutOfRangeException>(() => Over(bytes)[8]);
        Assert.Throws<ArgumentOutOfRangeException>(() => Over(bytes)[nuint.MaxValue]);
        Assert.Throws<ArgumentOutOfRangeException>(() => Over(bytes).Slice(9).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => Over(bytes).Slice(1, nuint.MaxValue).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => Over(bytes).AsSpan(0, -1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => Over(bytes).Read<int>(5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Over(bytes).Write(1, 0L));
        Assert.Throws<ArgumentOutOfRangeException>(() => Over(bytes).Pieces(0).MoveNext());
        Assert.Throws<ArgumentException>(() => Over(bytes).CopyTo(Over(new byte[7])));
        Assert.Contains("9 bytes from offset 0", Assert.Throws<ArgumentOutOfRangeException>(() => Over(bytes).Slice(0, 9).Length).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AWindowOnNothingIsEmpty()
    {
        MemoryWindow window = default;
        Assert.True(window.IsEmpty && ((ReadOnlyMemoryWindow)window).IsEmpty && window.Slice(0).IsEmpty && window.AsSpan(0, 0).IsEmpty);
        window.Clear();
        window.CopyTo(default);
        Assert.True(window.SequenceEqual(default));
        Assert.False(window.Pieces().MoveNext());
    }

    [Fact]
    public unsafe void WindowsBehindTwoGibibytesReachWhatTheyShould()
    {
        const ulong Length = 5UL << 30;
        using MappedMemory memory = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = unchecked((nuint)Length), NoReserve = true });
        using MappedView view = memory.View(0, memory.Length);
        MemoryWindow window = view.Window;
        byte* raw = (byte*)view.Address;
        foreach (nuint offset in (nuint[])[0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, unchecked((nuint)0x1_0000_0001), unchecked((nuint)(Length - 1))])
        {
            window[offset] = 7;
            Assert.Equal(7, raw[offset]);
            Assert.Equal(7, window.Slice(offset)[0]);
            Assert.Equal(7, window.Slice(offset, 1).AsSpan(0, 1)[0]);
        }

        window.Slice(0x7fff_fffe, 4).Fill(9);
        Assert.True(new Span<byte>(raw + 0x7fff_fffe, 4).SequenceEqual((ReadOnlySpan<byte>)[9, 9, 9, 9]));
        Assert.Throws<ArgumentOutOfRangeException>(() => view.Window[unchecked((nuint)Length)]);
        Assert.Throws<InvalidOperationException>(() => view.Span.Length);
        int pieces = 0;
        foreach (Span<byte> piece in window.Pieces())
        {
            Assert.Equal(1 << 30, piece.Length);
            pieces++;
        }

        Assert.Equal(5, pieces);
    }

    [Fact]
    public void UsingThemAllocatesNothing()
    {
        byte[] bytes = new byte[4096];
        byte[] others = new byte[4096];
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            MemoryWindow window = bytes.AsSpan();
            for (int step = 0; step < 100; step++)
            {
                window[(nuint)step] = 1;
                window.Write(8, window.Read<long>(16));
                window.Slice(10).CopyTo(others.AsSpan());
                foreach (Span<byte> piece in window.Pieces(1000))
                {
                    piece[0]++;
                }
            }
        }));
    }

    private static MemoryWindow Over(byte[] bytes) => bytes.AsSpan();

    private static void Refused(MemoryWindow window, nuint offset, Func<MemoryWindow, nuint, byte> use)
    {
        bool isRefused = false;
        try
        {
            use(window, offset);
        }
        catch (ArgumentOutOfRangeException)
        {
            isRefused = true;
        }

        Assert.True(isRefused);
    }

    private static void Refused(MemoryWindow window, nuint offset, nuint count, Func<MemoryWindow, nuint, nuint, nuint> use)
    {
        bool isRefused = false;
        try
        {
            use(window, offset, count);
        }
        catch (ArgumentOutOfRangeException)
        {
            isRefused = true;
        }

        Assert.True(isRefused);
    }
}
