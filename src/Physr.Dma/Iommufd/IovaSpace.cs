// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Dma.Iommufd;

/// <summary>Which IO virtual addresses are mapped, reserved and allowed, and where the next mapping goes (row R72). One thread at a time.</summary>
internal sealed class IovaSpace
{
    /// <summary>Addresses found are never better aligned than a 2 MiB leaf needs, so that small mappings stay close together.</summary>
    private const ulong MostAlignment = PageSize.Size2M;

    private readonly IntervalTree<object> _reserved = new();
    private readonly Dictionary<object, List<IntervalNode<object>>> _reservations = new(ReferenceEqualityComparer.Instance);
    private IntervalTree<object?> _allowed = new();

    /// <summary>What is mapped.</summary>
    public IntervalTree<IoArea> Areas { get; } = new();

    /// <summary>What addresses and lengths of mappings are multiples of, in bytes.</summary>
    public ulong Alignment { get; set; } = 1;

    /// <summary>Whether a mapping may be put at a given address.</summary>
    public Errno CheckFixed(ulong iova, ulong length)
    {
        if (length == 0 || ((iova | length) & (Alignment - 1)) != 0)
        {
            return Errno.EINVAL;
        }

        ulong last = unchecked(iova + (length - 1));
        return last < iova ? Errno.EOVERFLOW
            : _reserved.Overlaps(iova, last) ? Errno.EINVAL
            : Areas.Overlaps(iova, last) ? Errno.EEXIST
            : Errno.None;
    }

    /// <summary>Finds the lowest address for a mapping: never 0, aligned as well as the memory and the length let a page table profit from, and as far into a page as the memory is.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="start">The memory's own address.</param>
    /// <param name="iova">What was found.</param>
    /// <returns><see cref="Errno.EOVERFLOW"/> for no bytes or half the space and more; <see cref="Errno.EINVAL"/> where the memory is worse aligned than mappings must be;
    /// <see cref="Errno.ENOSPC"/> where there is no room.</returns>
    public Errno TryFind(ulong length, ulong start, out ulong iova)
    {
        iova = 0;
        if (length is 0 or >= ulong.MaxValue / 2)
        {
            return Errno.EOVERFLOW;
        }

        ulong alignment = Math.Min(BitOperations.RoundUpToPowerOf2(length), MostAlignment);
        alignment = start == 0 ? alignment : Math.Min(alignment, 1UL << BitOperations.TrailingZeroCount(start));
        if (alignment < Alignment || (length & (Alignment - 1)) != 0)
        {
            return Errno.EINVAL;
        }

        // The offset in the page is kept also where the alignment alone would let it go: small mappings between others.
        ulong offset = start & (PageSize.Size4K - 1);
        ulong step = Math.Max(alignment, PageSize.Size4K);
        if (_allowed.IsEmpty)
        {
            return TryFindWithin(PageSize.Size4K, ulong.MaxValue, length, step, offset, out iova) ? Errno.None : Errno.ENOSPC;
        }

        for (ulong from = 0; _allowed.TryFirst(from, ulong.MaxValue, out IntervalNode<object?>? allowed); from = allowed.Last + 1)
        {
            if (TryFindWithin(Math.Max(allowed.First, PageSize.Size4K), allowed.Last, length, step, offset, out iova))
            {
                return Errno.None;
            }

            if (allowed.Last == ulong.MaxValue)
            {
                break;
            }
        }

        return Errno.ENOSPC;
    }

    /// <summary>Keeps addresses free of mappings for an owner, beside what it keeps already.</summary>
    /// <returns><see cref="Errno.EADDRINUSE"/> where one is mapped or promised to the user.</returns>
    public Errno Reserve(ulong first, ulong last, object owner)
    {
        if (Areas.Overlaps(first, last) || _allowed.Overlaps(first, last))
        {
            return Errno.EADDRINUSE;
        }

        if (!_reservations.TryGetValue(owner, out List<IntervalNode<object>>? nodes))
        {
            _reservations.Add(owner, nodes = []);
        }

        nodes.Add(_reserved.Insert(first, last, owner));
        return Errno.None;
    }

    /// <summary>Ends all that an owner reserved.</summary>
    public void EndReservations(object owner)
    {
        if (_reservations.Remove(owner, out List<IntervalNode<object>>? nodes))
        {
            nodes.ForEach(_reserved.Remove);
        }
    }

    /// <summary>Replaces what is allowed.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for a range without length or two that overlap; <see cref="Errno.EADDRINUSE"/> where one is reserved.</returns>
    public Errno Allow(ReadOnlySpan<IovaRange> ranges)
    {
        IntervalTree<object?> allowed = new();
        foreach (IovaRange range in ranges)
        {
            (ulong first, ulong last) = (range.Start.Value, range.Last.Value);
            if (first >= last || allowed.Overlaps(first, last))
            {
                return Errno.EINVAL;
            }

            allowed.Insert(first, last, null);
        }

        foreach (IovaRange range in ranges)
        {
            if (_reserved.Overlaps(range.Start.Value, range.Last.Value))
            {
                return Errno.EADDRINUSE;
            }
        }

        _allowed = allowed;
        return Errno.None;
    }

    /// <summary>Gives what is not reserved, as far as the span reaches, and how many ranges that is.</summary>
    public int Unreserved(Span<IovaRange> ranges)
    {
        int count = 0;
        ulong at = 0;
        while (_reserved.TryFirst(at, ulong.MaxValue, out IntervalNode<object>? reserved))
        {
            if (reserved.First > at)
            {
                Put(ranges, count++, at, reserved.First - 1);
            }

            if (reserved.Last == ulong.MaxValue)
            {
                return count;
            }

            at = reserved.Last + 1;
        }

        Put(ranges, count++, at, ulong.MaxValue);
        return count;
    }

    private static void Put(Span<IovaRange> ranges, int index, ulong first, ulong last)
    {
        if (index < ranges.Length)
        {
            ranges[index] = new(new(first), new(last));
        }
    }

    /// <summary>Finds the lowest address at or above <paramref name="at"/> that is <paramref name="offset"/> past a multiple of <paramref name="step"/>.</summary>
    private bool TryFindWithin(ulong at, ulong last, ulong length, ulong step, ulong offset, out ulong iova)
    {
        iova = 0;
        while (true)
        {
            ulong distance = (offset - at) & (step - 1);
            if (at > last || distance > last - at || length - 1 > last - at - distance)
            {
                return false;
            }

            ulong candidate = at + distance;
            ulong end = candidate + (length - 1);
            if (Areas.TryFirst(candidate, end, out IntervalNode<IoArea>? area))
            {
                at = area.Last;
            }
            else if (_reserved.TryFirst(candidate, end, out IntervalNode<object>? reserved))
            {
                at = reserved.Last;
            }
            else
            {
                iova = candidate;
                return true;
            }

            if (at == ulong.MaxValue)
            {
                return false;
            }

            at++;
        }
    }
}
