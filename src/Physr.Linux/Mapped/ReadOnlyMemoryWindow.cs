// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Linux.Mapped;

/// <summary>A <see cref="MemoryWindow"/> whose bytes are for reading alone. What is said there of lifetimes holds here.</summary>
public readonly ref partial struct ReadOnlyMemoryWindow
{
    private readonly ref byte _first;

    /// <summary>A window on a span.</summary>
    public ReadOnlyMemoryWindow(ReadOnlySpan<byte> span)
    {
        _first = ref MemoryMarshal.GetReference(span);
        Length = (nuint)span.Length;
    }

    private ReadOnlyMemoryWindow(ref byte first, nuint length)
    {
        _first = ref first;
        Length = length;
    }

    /// <summary>Bytes.</summary>
    public nuint Length { get; }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>One byte.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies beyond the end.</exception>
    public ref readonly byte this[nuint index]
    {
        get
        {
            WindowBounds.CheckIndex(index, Length);
            return ref Unsafe.Add(ref _first, index);
        }
    }

    /// <summary>A window on a span.</summary>
    public static implicit operator ReadOnlyMemoryWindow(ReadOnlySpan<byte> span) => new(span);

    /// <summary>A window on a span.</summary>
    public static implicit operator ReadOnlyMemoryWindow(Span<byte> span) => new(span);

    /// <summary>A window on whatever lies there: nothing is checked.</summary>
    /// <param name="first">The first byte.</param>
    /// <param name="length">Bytes, all of which are there as long as the window is used.</param>
    public static ReadOnlyMemoryWindow DangerousCreate(ref readonly byte first, nuint length) => new(ref Unsafe.AsRef(in first), length);

    /// <summary>The bytes from an offset on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset lies beyond the end.</exception>
    public ReadOnlyMemoryWindow Slice(nuint offset)
    {
        WindowBounds.Check(offset, 0, Length);
        return new(ref Unsafe.Add(ref _first, offset), Length - offset);
    }

    /// <summary>Some bytes from an offset on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not all of them lie within.</exception>
    public ReadOnlyMemoryWindow Slice(nuint offset, nuint length)
    {
        WindowBounds.Check(offset, length, Length);
        return new(ref Unsafe.Add(ref _first, offset), length);
    }

    /// <summary>Some bytes as a span.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not all of them lie within, or the length is negative.</exception>
    public ReadOnlySpan<byte> AsSpan(nuint offset, int length)
    {
        WindowBounds.Check(offset, length, Length);
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref _first, offset), length);
    }

    /// <summary>A value, of whatever alignment, in the byte order of this machine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not all of it lies within.</exception>
    public T Read<T>(nuint offset)
        where T : unmanaged
    {
        WindowBounds.Check(offset, (nuint)Unsafe.SizeOf<T>(), Length);
        return Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref _first, offset));
    }

    /// <summary>Copies all bytes to the start of another window; the two may overlap.</summary>
    /// <exception cref="ArgumentException">The other one is shorter.</exception>
    public unsafe void CopyTo(MemoryWindow destination)
    {
        if (destination.Length < Length)
        {
            throw new ArgumentException($"{Length} bytes are to be copied, and there is room for {destination.Length}", nameof(destination));
        }

        // SAFETY: both windows have Length bytes, as their makers promised, and what they refer to cannot move meanwhile.
        fixed (byte* from = this, to = destination)
        {
            Buffer.MemoryCopy(from, to, destination.Length, Length);
        }
    }

    /// <summary>Whether both have the same bytes and the same length.</summary>
    public bool SequenceEqual(ReadOnlyMemoryWindow other)
    {
        if (Length != other.Length)
        {
            return false;
        }

        nuint offset = 0;
        foreach (ReadOnlySpan<byte> piece in Pieces())
        {
            if (!piece.SequenceEqual(other.AsSpan(offset, piece.Length)))
            {
                return false;
            }

            offset += (nuint)piece.Length;
        }

        return true;
    }

    /// <summary>The first byte, or a reference to nothing where the window is empty; for <c>fixed</c>.</summary>
    public ref readonly byte GetPinnableReference() => ref Length == 0 ? ref Unsafe.NullRef<byte>() : ref _first;

    /// <summary>The length.</summary>
    public override string ToString() => $"ReadOnlyMemoryWindow[{Length}]";
}
