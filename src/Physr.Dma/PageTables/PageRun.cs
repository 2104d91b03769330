// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Dma.PageTables;

/// <summary>Leaves of one size, side by side in one table: the longest run of the largest leaves that a mapping can begin with.</summary>
/// <param name="Shift">log2 of a leaf's size.</param>
/// <param name="Level">The level of the table they are in.</param>
/// <param name="Leaves">How many.</param>
internal readonly record struct PageRun(int Shift, int Level, int Leaves)
{
    /// <summary>Bytes of the run.</summary>
    public ulong Length => (ulong)Leaves << Shift;

    /// <summary>log2 of the entries that each leaf takes.</summary>
    public int SlotsShift => Shift - EntryBits.Shift(Level);

    /// <summary>Entries that the run takes.</summary>
    public int Slots => Leaves << SlotsShift;

    /// <summary>The run that a mapping begins with.</summary>
    /// <param name="sizes">The leaf sizes allowed, a bit each; the lowest divides all three numbers.</param>
    /// <param name="iova">Where it begins.</param>
    /// <param name="physical">Where it leads.</param>
    /// <param name="length">How long it is; not zero.</param>
    public static PageRun At(ulong sizes, ulong iova, ulong physical, ulong length)
    {
        int shift = BestShift(sizes, iova | physical, length);
        int level = EntryBits.LevelOf(shift);

        // To the end of the table, but no further than to where a larger leaf can begin.
        ulong most = Math.Min(length - 1, ~iova & EntryBits.SpanMask(level + 1));
        ulong larger = sizes & UpToLowest(iova ^ physical) & (ulong.MaxValue << shift << 1);
        if (larger != 0)
        {
            larger &= 0 - larger;
            ulong before = (~iova & (larger - 1)) + 1;
            if (length >= before && length - before >= larger)
            {
                most = Math.Min(most, before - 1);
            }
        }

        return new(shift, level, (int)((most + 1) >> shift));
    }

    /// <summary>log2 of the largest leaf that fits the alignment and the length (<c>test_best_pgsize</c>).</summary>
    /// <param name="sizes">The leaf sizes allowed, a bit each; at least one fits.</param>
    /// <param name="addresses">The two addresses, or-ed.</param>
    /// <param name="length">How much there is; not zero.</param>
    public static int BestShift(ulong sizes, ulong addresses, ulong length) =>
        BitOperations.Log2(sizes & UpToLowest(addresses) & (ulong.MaxValue >> BitOperations.LeadingZeroCount(length)));

    /// <summary>All bits up to the lowest that is set, including it; all 64 for zero.</summary>
    private static ulong UpToLowest(ulong value) => value ^ (value - 1);
}
