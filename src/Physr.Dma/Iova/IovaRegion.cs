// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <summary>One part of the space, below or above 4 GiB: its free gaps, and per size the full magazines that no thread holds. No aligned run crosses 4 GiB, for it would begin at
/// address 0; so the two parts need nothing of each other. The caller holds the allocator's lock.</summary>
internal sealed class IovaRegion
{
    private readonly IovaMagazineStack[] _depots;

    /// <summary>Makes a part in which all is free.</summary>
    /// <param name="first">Its first granule.</param>
    /// <param name="end">One past its last granule; not above <paramref name="first"/> for a part that does not exist.</param>
    /// <param name="orders">How many sizes are kept.</param>
    public IovaRegion(ulong first, ulong end, int orders)
    {
        First = first;
        End = Math.Max(first, end);
        Gaps = new(first, end);
        _depots = new IovaMagazineStack[orders];
        for (int i = 0; i < orders; i++)
        {
            _depots[i] = new();
        }
    }

    /// <summary>The first granule.</summary>
    public ulong First { get; }

    /// <summary>One past the last granule.</summary>
    public ulong End { get; }

    /// <summary>The free gaps.</summary>
    public IovaGapTree Gaps { get; }

    /// <summary>Per order, the full magazines.</summary>
    public ReadOnlySpan<IovaMagazineStack> Depots => _depots;

    /// <summary>The sizes that gaps or depots can give: bit n for 2^n granules.</summary>
    public ulong AvailableOrders
    {
        get
        {
            ulong orders = (1UL << (Gaps.MaxOrder + 1)) - 1;
            for (int i = 0; i < _depots.Length; i++)
            {
                orders |= _depots[i].Count != 0 ? 1UL << i : 0;
            }

            return orders;
        }
    }
}
