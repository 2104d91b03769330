// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tests.Iommufd;

/// <summary>An I/O address space as lists that are searched from end to end: what the real one has to agree with.</summary>
internal sealed class NaiveSpace
{
    public sealed record Area(ulong First, ulong Length, ulong Address, int Origin)
    {
        public ulong Last => First + (Length - 1);

        /// <summary>The pages it covers, by the page of memory and the call that mapped it first.</summary>
        public IEnumerable<(int Origin, ulong Page)> Pages(ulong first, ulong last)
        {
            for (ulong page = (Address + (first - First)) >> 12; page <= (Address + (last - First)) >> 12; page++)
            {
                yield return (Origin, page);
            }
        }
    }

    public List<Area> Areas { get; } = [];

    public List<(ulong First, ulong Last)> Allowed { get; } = [];

    /// <summary>What each attached device reserves, its domain's edges included.</summary>
    public Dictionary<int, List<(ulong First, ulong Last)>> Reserved { get; } = [];

    public List<(ulong First, ulong Last)> Pins { get; } = [];

    public bool HasAccess { get; set; }

    public bool HasDomain => Reserved.Count != 0;

    public ulong Alignment => HasAccess ? 4096UL : HasDomain ? 2048UL : 1;

    public bool IsReserved(ulong first, ulong last) => Reserved.Values.Any(list => list.Exists(range => range.First <= last && range.Last >= first));

    public bool IsMapped(ulong first, ulong last) => Areas.Exists(area => area.First <= last && area.Last >= first);

    public Area? At(ulong iova) => Areas.Find(area => area.First <= iova && area.Last >= iova);

    public Errno CheckFixed(ulong iova, ulong length)
    {
        ulong last = iova + (length - 1);
        return ((iova | length) & (Alignment - 1)) != 0 || IsReserved(iova, last) ? Errno.EINVAL : IsMapped(iova, last) ? Errno.EEXIST : Errno.None;
    }

    public Errno FindAutomatic(ulong length, ulong address, out ulong iova)
    {
        ulong alignment = Math.Min(System.Numerics.BitOperations.RoundUpToPowerOf2(length), 2UL << 20);
        while (address % alignment != 0)
        {
            alignment /= 2;
        }

        iova = 0;
        if (alignment < Alignment || length % Alignment != 0)
        {
            return Errno.EINVAL;
        }

        ulong step = Math.Max(alignment, 4096);
        List<(ulong First, ulong Last)> allowed = Allowed.Count == 0 ? [(4096UL, 1UL << 32)] : [.. Allowed.Order()];
        foreach ((ulong first, ulong last) in allowed)
        {
            for (iova = (first & ~(step - 1)) + (address & 4095); iova + length - 1 <= last; iova += step)
            {
                if (iova >= Math.Max(4096, first) && !IsReserved(iova, iova + length - 1) && !IsMapped(iova, iova + length - 1))
                {
                    return Errno.None;
                }
            }
        }

        return Errno.ENOSPC;
    }

    /// <summary>The mappings' parts under a range; null where there is a hole.</summary>
    public List<Area>? Parts(ulong iova, ulong length)
    {
        List<Area> parts = [];
        for (ulong at = iova, last = iova + (length - 1); ;)
        {
            if (At(at) is not { } area)
            {
                return null;
            }

            ulong end = Math.Min(last, area.Last);
            parts.Add(new(at, end - at + 1, area.Address + (at - area.First), area.Origin));
            if (end == last)
            {
                return parts;
            }

            at = end + 1;
        }
    }
}
