// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <summary>What one thread keeps of one size below, or above, 4 GiB: a loaded and a previous magazine, so that a thread that swings about the edge of one
/// magazine does not run to the depot each time (row R67c). 32 bytes, two to a cache line.</summary>
/// <remarks>Only its owner touches it, or, while the owner is kept out, whoever holds the allocator's lock; see <see cref="IovaStripe"/>.</remarks>
internal struct IovaRack
{
    /// <summary>Serves; null until the first run comes back.</summary>
    public IovaMagazine? Loaded;

    /// <summary>Full, empty or null; after a flush, and where masks are narrow, anything between.</summary>
    public IovaMagazine? Previous;

    /// <summary>Runs in <see cref="Loaded"/>.</summary>
    public int Count;

    /// <summary>Runs that <see cref="Loaded"/> can hold: none while there is none.</summary>
    public ushort Room;

    /// <summary>Runs in <see cref="Previous"/>.</summary>
    public ushort PreviousCount;

    /// <summary>Runs of this size handed out through this rack less those given back: below zero where one thread frees what another allocated.</summary>
    public long Live;

    /// <summary>Runs kept here.</summary>
    public readonly int Cached => Count + PreviousCount;

    /// <summary>Exchanges the two magazines.</summary>
    public void Swap()
    {
        (Loaded, Previous) = (Previous, Loaded);
        (Count, PreviousCount) = (PreviousCount, (ushort)Count);
        Room = (ushort)(Loaded is null ? 0 : IovaMagazine.Capacity);
    }

    /// <summary>Takes a run that ends at or below <paramref name="mask"/>.</summary>
    /// <param name="mask">The highest address.</param>
    /// <param name="extent">A run's length less one.</param>
    /// <param name="run">Its first byte.</param>
    public bool TryTake(ulong mask, ulong extent, out ulong run)
    {
        if (Count == 0)
        {
            Swap();
        }

        if (TryTakeLoaded(mask, extent, out run))
        {
            return true;
        }

        Swap();
        return TryTakeLoaded(mask, extent, out run);
    }

    /// <summary>Puts a run, where one of the magazines has room.</summary>
    public bool TryPut(ulong run)
    {
        if (Count == Room)
        {
            if (Previous is null || PreviousCount == IovaMagazine.Capacity)
            {
                return false;
            }

            Swap();
        }

        Loaded![Count++] = run;
        return true;
    }

    /// <summary>The highest kept address is not always on top, so a narrow mask looks through the magazine; a wide one is content with the top.</summary>
    private bool TryTakeLoaded(ulong mask, ulong extent, out ulong run)
    {
        for (int i = Count - 1; i >= 0; i--)
        {
            run = Loaded![i];
            if (run + extent <= mask)
            {
                Loaded[i] = Loaded[--Count];
                return true;
            }
        }

        run = 0;
        return false;
    }
}
