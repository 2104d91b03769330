// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Dma.PageTables;

/// <summary>The one engine behind every format: a radix tree of 512-entry tables, compiled once for each.</summary>
/// <remarks>
/// Who may do what at once: maps and unmaps of disjoint ranges, and walks of anything, in any number. A table is put in place by compare-and-swap and is cut off only by a call
/// whose range covers all of it, so nothing that a map of another range walks through can go away under it. A table that was cut off keeps its words until its addresses were
/// invalidated. Maps and unmaps of the same addresses at once are a caller's mistake: who wins is open, yet no walk leaves the table's own pages.
/// </remarks>
/// <typeparam name="TFormat">The format.</typeparam>
internal sealed partial class FormattedTable<TFormat> : RadixTable
    where TFormat : struct, IIoPageTableFormat
{
    /// <summary>Makes a table of one empty top page.</summary>
    /// <param name="top">That page, cleared.</param>
    /// <param name="levels">Its level.</param>
    /// <param name="mostLevels">How far it may grow.</param>
    /// <param name="pageSizes">The leaf sizes to use.</param>
    /// <param name="addressBits">Bits of the addresses to allow; no more than <paramref name="mostLevels"/> translate.</param>
    /// <param name="pool">Where pages come from.</param>
    /// <param name="tracksDirty">Whether walks mark what they use.</param>
    public FormattedTable(TablePage top, int levels, int mostLevels, ulong pageSizes, int addressBits, TablePool pool, bool tracksDirty)
        : base(pageSizes & Last(mostLevels), ulong.MaxValue >> (64 - addressBits), pool, tracksDirty)
    {
        _root = (ulong)top.Address | (uint)levels;
    }

    /// <summary>The highest address that a table of so many levels translates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Last(int levels) => ulong.MaxValue >> (64 - TFormat.AddressBits(levels));

    /// <summary>The fewest levels, at least <paramref name="levels"/>, that translate an address.</summary>
    private static int LevelsFor(ulong address, int levels)
    {
        while (address > Last(levels))
        {
            levels++;
        }

        return levels;
    }

    /// <summary>Puts new tops above the top until it has so many levels. Whoever walks from an older top finds what was under it, as before.</summary>
    private bool Grow(int levels, ref TableReserve reserve)
    {
        ulong root = Volatile.Read(ref _root);
        while ((int)(root & LevelMask) < levels)
        {
            int level = (int)(root & LevelMask);
            TablePage top = reserve.Take(level + 1);
            if (top.IsNull)
            {
                return false;
            }

            top.Clear();
            top[0] = TFormat.Table(root & ~LevelMask, level);
            ulong grown = (ulong)top.Address | (uint)(level + 1);
            ulong seen = Interlocked.CompareExchange(ref _root, grown, root);
            if (seen != root)
            {
                reserve.Put(top, level + 1);
                grown = seen;
            }

            root = grown;
        }

        return true;
    }
}
