// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>Bytes that survive a power cut: what a persistent memory region, a label area or a mapped file is made of.</summary>
/// <remarks><para>Offsets are in bytes from its start. A store is visible at once, and durable only when <see cref="TryFlush"/> covered it and a <see cref="TryFence"/> has followed;
/// until then a power cut keeps any part of it: each 64-byte line holds some prefix of the stores made to it, by whole aligned units of 8 bytes, and lines are independent.</para>
/// <para>An aligned store of 8 bytes is atomic. A longer one is made by ascending units of 8 bytes.</para>
/// <para>Reads of different bytes may run on different threads; writers keep apart by themselves.</para></remarks>
public abstract class PersistentMemory : IDisposable
{
    /// <summary>The line that is flushed as one, in bytes.</summary>
    public const int LineBytes = 64;

    /// <summary>What a store cannot tear, in bytes.</summary>
    public const int AtomicBytes = 8;

    /// <summary>Describes the bytes.</summary>
    /// <param name="name">The name in messages.</param>
    /// <param name="length">Bytes; not 0.</param>
    /// <param name="granularity">How they become durable.</param>
    protected PersistentMemory(string name, ulong length, PersistenceGranularity granularity)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfZero(length);
        Name = name;
        Length = length;
        Granularity = granularity;
    }

    /// <summary>The name in messages.</summary>
    public string Name { get; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; }

    /// <summary>How stores become durable.</summary>
    public PersistenceGranularity Granularity { get; }

    /// <summary>What stands behind durability, for reports: <c>memory</c> of this process, or what an operating system promises of a file (<c>msync</c>, <c>mapSync</c>).</summary>
    public virtual string Durability => "memory";

    /// <summary>Whether stores are refused.</summary>
    public virtual bool IsReadOnly => false;

    /// <summary>Which bytes the hardware lost.</summary>
    public MediaErrors Errors { get; private protected init; } = new();

    /// <summary>Reads bytes.</summary>
    /// <param name="offset">The first.</param>
    /// <param name="destination">Where they go.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EIO"/> where the range holds lost bytes: nothing of it is given then.</returns>
    public Errno TryRead(ulong offset, Span<byte> destination)
    {
        Errno errno = Check(offset, (ulong)destination.Length);
        if (errno != Errno.None || destination.IsEmpty)
        {
            return errno;
        }

        if (Errors.Overlaps(offset, (ulong)destination.Length))
        {
            return Errno.EIO;
        }

        ReadCore(offset, destination);
        return Errno.None;
    }

    /// <summary>Stores bytes: visible at once, not durable yet. Bytes that were lost stay lost until <see cref="TryClearErrors"/>.</summary>
    /// <param name="offset">The first.</param>
    /// <param name="source">The bytes.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EROFS"/>.</returns>
    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        Errno errno = Check(offset, (ulong)source.Length);
        if (errno != Errno.None || source.IsEmpty)
        {
            return errno;
        }

        if (IsReadOnly)
        {
            return Errno.EROFS;
        }

        WriteCore(offset, source);
        return Errno.None;
    }

    /// <summary>Starts the way of stored bytes to the medium (<c>CLWB</c> of each line, <c>msync</c>).</summary>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EIO"/> where the operating system could not write: the bytes are not durable.</returns>
    public Errno TryFlush(ulong offset, ulong length)
    {
        Errno errno = Check(offset, length);
        return errno != Errno.None || length == 0 || IsReadOnly ? errno : FlushCore(offset, length);
    }

    /// <summary>Returns when everything flushed before is durable (<c>SFENCE</c>).</summary>
    public virtual Errno TryFence() => Errno.None;

    /// <summary>Makes bytes durable: flush, then fence.</summary>
    public Errno TryPersist(ulong offset, ulong length)
    {
        Errno errno = TryFlush(offset, length);
        return errno == Errno.None ? TryFence() : errno;
    }

    /// <summary>Stores bytes and makes them durable.</summary>
    public Errno TryWritePersistent(ulong offset, ReadOnlySpan<byte> source)
    {
        Errno errno = TryWrite(offset, source);
        return errno == Errno.None ? TryPersist(offset, (ulong)source.Length) : errno;
    }

    /// <summary>Gives lost bytes new ones: zeros (<c>ND_CMD_CLEAR_ERROR</c>). Only blocks of 512 bytes that lie within the range whole are cleared.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="cleared">Bytes that are good again.</param>
    public Errno TryClearErrors(ulong offset, ulong length, out ulong cleared)
    {
        cleared = 0;
        Errno errno = Check(offset, length);
        if (errno != Errno.None || !Errors.Overlaps(offset, length))
        {
            return errno;
        }

        if (IsReadOnly)
        {
            return Errno.EROFS;
        }

        Span<byte> zeros = stackalloc byte[(int)MediaErrors.BlockBytes];
        zeros.Clear();
        foreach (ulong block in Errors.BlocksWithin(offset, length))
        {
            WriteCore(block, zeros);
            errno = TryPersist(block, MediaErrors.BlockBytes);
            if (errno != Errno.None)
            {
                return errno;
            }

            Errors.Clear(block, MediaErrors.BlockBytes);
            cleared += MediaErrors.BlockBytes;
        }

        return Errno.None;
    }

    /// <summary>The bytes themselves, for reading: the longest run from an offset that lies in one piece; empty where the medium has no such view.</summary>
    /// <remarks>Nobody checks for lost bytes: ask <see cref="Errors"/> first.</remarks>
    public abstract ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length);

    /// <summary>The bytes themselves, for stores past <see cref="TryWrite"/>; empty where the medium wants to see each store.</summary>
    public abstract Span<byte> WritableAt(ulong offset, ulong length);

    /// <summary>Lets go of the bytes.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The name and the size.</summary>
    public override string ToString() => $"{Name} ({Length} bytes)";

    /// <summary>Reads bytes of a part whose own checks have passed.</summary>
    internal void ReadChecked(ulong offset, Span<byte> destination) => ReadCore(offset, destination);

    /// <summary>Reads bytes that are there.</summary>
    protected virtual void ReadCore(ulong offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<byte> part = ReadableAt(offset, (ulong)destination.Length);
            part.CopyTo(destination);
            destination = destination[part.Length..];
            offset += (ulong)part.Length;
        }
    }

    /// <summary>Stores bytes that are there.</summary>
    protected virtual void WriteCore(ulong offset, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            Span<byte> part = WritableAt(offset, (ulong)source.Length);
            source[..part.Length].CopyTo(part);
            source = source[part.Length..];
            offset += (ulong)part.Length;
        }
    }

    /// <summary>Flushes bytes that are there.</summary>
    protected virtual Errno FlushCore(ulong offset, ulong length) => Errno.None;

    /// <summary>Lets go of the bytes.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    private Errno Check(ulong offset, ulong length) => offset > Length || length > Length - offset ? Errno.ENXIO : Errno.None;
}
