// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;

namespace Physr.Paging.Stores;

/// <summary>Where the pages of a region are while they are not in its window, as the pager sees it. Any number of threads may call it at once.</summary>
/// <remarks>Offsets and lengths are bytes, multiples of <see cref="PageBytes"/> within <see cref="Length"/>; anything else is <see cref="Errno.EINVAL"/>. Addresses are memory of this process that is there and that
/// nobody else changes during the call, aligned to <see cref="PageBytes"/> (a file store's own requirement, made of all). The stores that Physr brings allocate nothing in a call that succeeds.</remarks>
internal abstract partial class PageStore : IDisposable
{
    /// <summary>The unit, in bytes.</summary>
    public const int PageBytes = 4096;

    private volatile string _lastReason = "";

    /// <summary>Notes what every store has.</summary>
    /// <param name="length">Bytes.</param>
    protected PageStore(ulong length) => Length = length;

    /// <summary>Bytes of the region that it keeps.</summary>
    public ulong Length { get; }

    /// <summary>For a human: what kind, and where.</summary>
    public abstract string Name { get; }

    /// <summary>Whether a call may take long, or for ever: a fault is then better served through a lane (<see cref="TryCreateLane"/>).</summary>
    public virtual bool IsBlocking => false;

    /// <summary>Whether <see cref="Flush"/> makes anything durable: the bytes are still of use when all that use them are gone.</summary>
    public virtual bool IsDurable => false;

    /// <summary>The most pages worth reading in one call.</summary>
    public abstract int RunPages { get; }

    /// <summary>What was wrong with the last call that failed, for a human; empty as long as none did.</summary>
    public virtual string LastReason => _lastReason;

    /// <summary>Where a page is mapped in this process, so that it can be copied from without a read; as many pages follow as the store has.</summary>
    /// <param name="offset">The page.</param>
    /// <param name="address">Its first byte, valid as long as the store is.</param>
    /// <returns>False where the store maps nothing, or has no such page.</returns>
    public virtual bool TryGetAddress(ulong offset, out nint address)
    {
        address = 0;
        return false;
    }

    /// <summary>Reads pages. Those that were never written are zeros.</summary>
    public abstract Errno Read(ulong offset, nint destination, nuint length);

    /// <summary>Writes pages. Once it has returned, <see cref="Read"/> gives these bytes, also in the next process after this one is killed.</summary>
    public abstract Errno Write(ulong offset, nint source, nuint length);

    /// <summary>Writes pages from the window's file.</summary>
    /// <param name="window">The file.</param>
    /// <param name="windowOffset">Where in the file the bytes are.</param>
    /// <param name="offset">Where they go.</param>
    /// <param name="length">How many.</param>
    /// <param name="scratch">Memory for as many bytes, of the caller.</param>
    /// <returns><see cref="Errno.ENODATA"/> where the window has a hole, which reads as zeros: somebody took a page out of it. That page is not to be read here before it is written anew.</returns>
    public virtual Errno WriteFrom(MemoryFile window, ulong windowOffset, ulong offset, nuint length, nint scratch)
    {
        Errno errno = window.Read(scratch, length, windowOffset);
        return errno != Errno.None ? Failed(errno, "the window could not be read") : HasZeros(window, windowOffset, scratch, length) ? Write(offset, scratch, length) : Holes(offset, length);
    }

    /// <summary>Notes that the window has holes.</summary>
    protected Errno Holes(ulong offset, nuint length) => Failed(Errno.ENODATA, $"of {length} bytes at {offset} the window does not have all");

    /// <summary>Makes all that was written durable, where the store can.</summary>
    public abstract Errno Flush();

    /// <summary>Makes a lane: a thread's own way to have several calls under way at once.</summary>
    /// <param name="depth">How many.</param>
    /// <param name="lane">The lane, for one thread; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> where <see cref="IsBlocking"/> is false: call <see cref="Read"/>.</returns>
    public virtual Errno TryCreateLane(int depth, out IStoreLane? lane, out string reason)
    {
        lane = null;
        reason = $"{Name}: it answers at once and needs no lane";
        return Errno.EOPNOTSUPP;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what the store has. Nobody is in a call then, and all its lanes are gone.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>Whether a call's range is one.</summary>
    protected bool Covers(ulong offset, nuint length) => length != 0 && ((offset | length) % PageBytes) == 0 && length <= Length && offset <= Length - length;

    /// <summary>Whether pages that were read as zeros are zeros, and no holes. A page that reads as anything else was there when it was read.</summary>
    private static unsafe bool HasZeros(MemoryFile window, ulong windowOffset, nint bytes, nuint length)
    {
        for (nuint at = 0; at < length; at += PageBytes)
        {
            // SAFETY: the caller's scratch memory, of that length.
            if (!new ReadOnlySpan<byte>((byte*)bytes + at, PageBytes).ContainsAnyExcept((byte)0) && !window.Has(windowOffset + at, PageBytes))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Notes why a call failed.</summary>
    protected Errno Failed(Errno errno, string what)
    {
        _lastReason = $"{Name}: {what} ({errno})";
        return errno;
    }

    /// <summary>Notes that a call's range is none.</summary>
    protected Errno OutOfRange(ulong offset, nuint length) =>
        Failed(Errno.EINVAL, $"{length} bytes at {offset} are no whole pages within its {Length} bytes");
}
