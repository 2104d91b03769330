// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <summary>A free gap of the space, in granules, as a node of a <see cref="IovaGapTree"/>: 32 bytes.</summary>
internal struct IovaGap
{
    /// <summary>The first granule.</summary>
    public ulong Start;

    /// <summary>One past the last granule.</summary>
    public ulong End;

    /// <summary>The subtree of gaps below, 0 for none; of a free node, the next free one.</summary>
    public int Left;

    /// <summary>The subtree of gaps above, 0 for none.</summary>
    public int Right;

    /// <summary>Levels of the subtree, this one included.</summary>
    public byte Height;

    /// <summary>The largest n for which 2^n granules, aligned to their size, fit in this gap.</summary>
    public byte Order;

    /// <summary>The largest <see cref="Order"/> in the subtree.</summary>
    public byte MaxOrder;

    /// <summary>Works out <see cref="Order"/>: a gap of 2^n granules or more holds an aligned run of at least half that.</summary>
    public void Measure()
    {
        int order = System.Numerics.BitOperations.Log2(End - Start);
        Order = (byte)(TryFit(1UL << order, order, ulong.MaxValue, out _) ? order : order - 1);
    }

    /// <summary>Where the highest run fits.</summary>
    /// <param name="size">Granules.</param>
    /// <param name="order">Its alignment: 2^order granules.</param>
    /// <param name="limit">One past the highest granule that it may use.</param>
    /// <param name="at">Its first granule.</param>
    public readonly bool TryFit(ulong size, int order, ulong limit, out ulong at)
    {
        ulong end = Math.Min(End, limit);
        at = end < size ? 0 : (end - size) >> order << order;
        return end >= size && at >= Start;
    }
}
