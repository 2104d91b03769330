// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Linux.Mapped;

/// <summary>A stretch of memory that may be longer than the 2 GiB that a <see cref="Span{T}"/> can hold: a first byte and a length. What <see cref="Span{T}"/> is to an array, this is to a mapping.</summary>
/// <remarks><para>Bounds are checked at each use, the lifetime is not: as with any span, whoever has it sees to it that the memory stays. Within a <see cref="MappedView"/> it does.</para>
/// <para>Bytes beyond 2 GiB are reached by <see cref="Slice(nuint, nuint)"/>, by index, or piece by piece:</para>
/// <code>
/// using MappedView view = memory.View(0, memory.Length);
/// foreach (Span&lt;byte&gt; piece in view.Window.Pieces())
/// {
///     hash.AppendData(piece);
/// }
/// </code></remarks>
public readonly ref partial struct MemoryWindow
{
    private readonly ref byte _first;

    /// <summary>A window on a span.</summary>
    public MemoryWindow(Span<byte> span)
    {
        _first = ref MemoryMarshal.GetReference(span);
        Length = (nuint)span.Length;
    }

    private MemoryWindow(ref byte first, nuint length)
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
    public ref byte this[nuint index]
    {
        get
        {
            WindowBounds.CheckIndex(index, Length);
            return ref Unsafe.Add(ref _first, index);
        }
    }

    /// <summary>A window on a span.</summary>
    public static implicit operator MemoryWindow(Span<byte> span) => new(span);

    /// <summary>The same bytes, for reading.</summary>
    public static implicit operator ReadOnlyMemoryWindow(MemoryWindow window) => ReadOnlyMemoryWindow.DangerousCreate(ref window._first, window.Length);

    /// <summary>A window on whatever lies there: nothing is checked.</summary>
    /// <param name="first">The first byte.</param>
    /// <param name="length">Bytes, all of which are there as long as the window is used.</param>
    public static MemoryWindow DangerousCreate(ref byte first, nuint length) => new(ref first, length);

    /// <summary>The bytes from an offset on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset lies beyond the end.</exception>
    public MemoryWindow Slice(nuint offset)
    {
        WindowBounds.Check(offset, 0, Length);
        return new(ref Unsafe.Add(ref _first, offset), Length - offset);
    }

    /// <summary>Some bytes from an offset on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not all of them lie within.</exception>
    public MemoryWindow Slice(nuint offset, nuint length)
    {
        WindowBounds.Check(offset, length, Length);
        return new(ref Unsafe.Add(ref _first, offset), length);
    }

    /// <summary>Some bytes as a span.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not all of them lie within, or the length is negative.</exception>
    public Span<byte> AsSpan(nuint offset, int length)
    {
        WindowBounds.Check(offset, length, Length);
        return MemoryMarshal.CreateSpan(ref Unsafe.Add(ref _first, offset), length);
    }

    /// <summary>A value, of whatever alignment, in the byte order of this machine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not all of it lies within.</exception>
    public T Read<T>(nuint offset)
        where T : unmanaged
    {
        WindowBounds.Check(offset, (nuint)Unsafe.SizeOf<T>(), Length);
        return Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref _first, offset));
    }

    /// <summary>Stores a value, of whatever alignment, in the byte order of this machine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not all of it lies within.</exception>
    public void Write<T>(nuint offset, T value)
        where T : unmanaged
    {
        WindowBounds.Check(offset, (nuint)Unsafe.SizeOf<T>(), Length);
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref _first, offset), value);
    }

    /// <summary>Sets all bytes to zero.</summary>
    public void Clear() => Fill(0);

    /// <summary>Sets all bytes to one value.</summary>
    public void Fill(byte value)
    {
        foreach (Span<byte> piece in Pieces())
        {
            piece.Fill(value);
        }
    }

    /// <summary>Copies all bytes to the start of another window; the two may overlap.</summary>
    /// <exception cref="ArgumentException">The other one is shorter.</exception>
    public void CopyTo(MemoryWindow destination) => ((ReadOnlyMemoryWindow)this).CopyTo(destination);

    /// <summary>Whether both have the same bytes and the same length.</summary>
    public bool SequenceEqual(ReadOnlyMemoryWindow other) => ((ReadOnlyMemoryWindow)this).SequenceEqual(other);

    /// <summary>The first byte, or a reference to nothing where the window is empty; for <c>fixed</c>.</summary>
    public ref byte GetPinnableReference() => ref Length == 0 ? ref Unsafe.NullRef<byte>() : ref _first;

    /// <summary>The length.</summary>
    public override string ToString() => $"MemoryWindow[{Length}]";
}
