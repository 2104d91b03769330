// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Machine.Devices;

/// <summary>Bytes behind an address range: DRAM, a controller memory buffer, GPU memory, media. Taken from the system in chunks when first touched, so that a
/// machine with 64 GiB costs what it uses. Fresh bytes are zero.</summary>
public sealed unsafe class SparseMemory : IDisposable
{
    /// <summary>Bytes in a chunk: large enough that few transfers cross one, small enough to be cheap to hold.</summary>
    public const ulong ChunkSize = 16UL << 20;

    private readonly nint[] _chunks;
    private readonly bool _isBorrowed;
    private bool _disposed;

    /// <summary>Makes memory of a size in bytes, none of it taken yet.</summary>
    public SparseMemory(string name, ulong length)
    {
        Name = name;
        Length = length;
        _chunks = new nint[checked((int)((length + ChunkSize - 1) / ChunkSize))];
    }

    /// <summary>Memory that somebody else has: bytes in one piece outside the managed heap, which outlive this.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="first">The first of them.</param>
    internal SparseMemory(string name, ulong length, ref byte first)
        : this(name, length)
    {
        _isBorrowed = true;
        for (int i = 0; i < _chunks.Length; i++)
        {
            // SAFETY: the bytes do not move, are as many as the caller says, and outlive this object by its contract.
            _chunks[i] = (nint)Unsafe.AsPointer(ref first) + (nint)((ulong)i * ChunkSize);
        }
    }

    /// <summary>What the memory is, for messages.</summary>
    public string Name { get; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; }

    /// <summary>The longest contiguous span at an offset, up to <paramref name="length"/> bytes: shorter where a chunk ends.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bytes are not all in the memory.</exception>
    public Span<byte> SpanAt(ulong offset, ulong length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (offset > Length || length > Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(length), $"Bytes 0x{offset:x}+0x{length:x} are not all in {Name}, which has 0x{Length:x}.");
        }

        if (length == 0)
        {
            return default;
        }

        ulong within = offset % ChunkSize;
        int count = (int)Math.Min(length, ChunkSize - within);

        // SAFETY: the chunk is ChunkSize bytes and lives until Dispose, which callers do not race with (a machine is single-threaded and owns its memory);
        // within + count does not pass its end by the line above.
        return new Span<byte>((byte*)Chunk((int)(offset / ChunkSize)) + within, count);
    }

    /// <summary>Copies bytes out.</summary>
    public void Read(ulong offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            Span<byte> part = SpanAt(offset, (ulong)destination.Length);
            part.CopyTo(destination);
            destination = destination[part.Length..];
            offset += (ulong)part.Length;
        }
    }

    /// <summary>Copies bytes in.</summary>
    public void Write(ulong offset, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            Span<byte> part = SpanAt(offset, (ulong)source.Length);
            source[..part.Length].CopyTo(part);
            source = source[part.Length..];
            offset += (ulong)part.Length;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Release();

    private nint Chunk(int index)
    {
        nint chunk = _chunks[index];
        if (chunk == 0)
        {
            // SAFETY: the system's zeroed allocation, owned by this object and freed once in Release.
            chunk = (nint)NativeMemory.AllocZeroed((nuint)ChunkSize);
            _chunks[index] = chunk;
        }

        return chunk;
    }

    private void Release()
    {
        _disposed = true;
        for (int i = 0; i < _chunks.Length; i++)
        {
            // SAFETY: allocated by Chunk, or zero, which Free ignores; forgotten right after. What is borrowed is its owner's to free.
            NativeMemory.Free(_isBorrowed ? null : (void*)_chunks[i]);
            _chunks[i] = 0;
        }
    }
}
