// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Bench;

/// <summary>One pass over the random addresses of an <see cref="OwnerSet"/>, for each structure. The sum of owners and remaining bytes keeps the work alive.</summary>
internal static class OwnerWalks
{
    // No remaining length in this data reaches 2^40, so this is zero, which only the processor learns, and only with the answer.
    private const int LateZero = 40;

    public static ulong Independent(OwnerTable table, ulong[] probes)
    {
        ulong sum = 0;
        foreach (ulong probe in probes)
        {
            table.TryFind(new(probe), out Owner owner);
            sum += owner.Provider.Value + owner.RemainingBytes;
        }

        return sum;
    }

    public static ulong Dependent(OwnerTable table, ulong[] probes)
    {
        ulong sum = 0;
        ulong late = 0;
        foreach (ulong probe in probes)
        {
            table.TryFind(new(probe ^ late), out Owner owner);
            sum += owner.Provider.Value + owner.RemainingBytes;
            late = owner.RemainingBytes >> LateZero;
        }

        return sum;
    }

    public static ulong Independent(FlatTable table, ulong[] probes)
    {
        ulong sum = 0;
        foreach (ulong probe in probes)
        {
            table.TryFind(probe, out ulong owner, out ulong remaining);
            sum += owner + remaining;
        }

        return sum;
    }

    public static ulong Dependent(FlatTable table, ulong[] probes)
    {
        ulong sum = 0;
        ulong late = 0;
        foreach (ulong probe in probes)
        {
            table.TryFind(probe ^ late, out ulong owner, out ulong remaining);
            sum += owner + remaining;
            late = (owner + remaining) >> LateZero;
        }

        return sum;
    }

    public static ulong Independent(SortedArrayMap map, ulong[] probes)
    {
        ulong sum = 0;
        foreach (ulong probe in probes)
        {
            map.TryFind(probe, out int value, out ulong start, out ulong length);
            sum += (ulong)value + (start + length - probe);
        }

        return sum;
    }

    public static ulong Dependent(SortedArrayMap map, ulong[] probes)
    {
        ulong sum = 0;
        ulong late = 0;
        foreach (ulong probe in probes)
        {
            ulong at = probe ^ late;
            map.TryFind(at, out int value, out ulong start, out ulong length);
            ulong remaining = start + length - at;
            sum += (ulong)value + remaining;
            late = remaining >> LateZero;
        }

        return sum;
    }

    public static ulong Scan(OwnedRange[] ranges, ulong[] probes)
    {
        ulong sum = 0;
        foreach (ulong probe in probes)
        {
            foreach (ref readonly OwnedRange owned in ranges.AsSpan())
            {
                if (probe - owned.Range.Start.Value < owned.Range.Length)
                {
                    sum += owned.Provider.Value + (owned.Range.End.Value - probe);
                    break;
                }
            }
        }

        return sum;
    }
}
