// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Memory;

/// <summary>One contiguous part of a pool, with two bits per page. Its pool's lock guards it.</summary>
internal sealed class P2PPoolChunk
{
    // Not to be handed out; and in the caller's hands. They differ while somebody else still holds a page the caller freed.
    private readonly ulong[] _busy;
    private readonly ulong[] _out;
    private readonly ulong _pages;

    public P2PPoolChunk(P2PProvider provider, PhysicalRange range, Pagemap? pagemap)
    {
        Provider = provider;
        Range = range.Slice(0, Alignment.Down(range.Length, PageSize.Size4K));
        Pagemap = pagemap;
        _pages = Range.Length >> PageSize.Shift4K;
        _busy = new ulong[checked((int)((_pages + 63) / 64))];
        _out = new ulong[_busy.Length];
    }

    public P2PProvider Provider { get; }

    public PhysicalRange Range { get; }

    public Pagemap? Pagemap { get; }

    public ulong UsedPages { get; private set; }

    public bool TryTake(ulong pages, out PhysicalRange range)
    {
        range = default;
        if (!TryFindRun(pages, out ulong first) || !TryHold(first, pages))
        {
            return false;
        }

        for (ulong i = first; i < first + pages; i++)
        {
            Set(_busy, i);
            Set(_out, i);
        }

        UsedPages += pages;
        range = Range.Slice(first << PageSize.Shift4K, pages << PageSize.Shift4K);
        return true;
    }

    public bool TryGiveBack(PhysicalRange range)
    {
        ulong first = range.Start.OffsetFrom(Range.Start) >> PageSize.Shift4K;
        ulong end = first + (range.Length >> PageSize.Shift4K);
        if (!range.Start.IsAligned(PageSize.Size4K) || !Alignment.IsAligned(range.Length, PageSize.Size4K))
        {
            return false;
        }

        for (ulong i = first; i < end; i++)
        {
            if (!IsSet(_out, i))
            {
                return false;
            }
        }

        for (ulong i = first; i < end; i++)
        {
            Clear(_out, i);
            if (Pagemap is null)
            {
                Return(i);
            }
            else if (Pagemap.TryGetPage(Range.Start.Frame.Add(i), out DevicePage page))
            {
                page.Put();
            }
        }

        return true;
    }

    /// <summary>Makes a page free again: at once without descriptors, else when the last reference to the page goes.</summary>
    public void Return(ulong page)
    {
        Clear(_busy, page);
        UsedPages--;
        Provider.Release();
    }

    /// <summary>The lowest run of free pages, skipping whole words that are taken.</summary>
    private bool TryFindRun(ulong pages, out ulong first)
    {
        first = 0;
        ulong run = 0;
        for (ulong page = 0; page < _pages;)
        {
            ulong word = _busy[page / 64] >> (int)(page % 64);
            ulong inWord = Math.Min(64 - (page % 64), _pages - page);
            ulong free = Math.Min((ulong)BitOperations.TrailingZeroCount(word), inWord);
            run += free;
            if (run >= pages)
            {
                first = page + free - run;
                return true;
            }

            if (free < inWord)
            {
                run = 0;
                page += free + (ulong)BitOperations.TrailingZeroCount(~(word >> (int)free));
            }
            else
            {
                page += inWord;
            }
        }

        return false;
    }

    /// <summary>Holds the provider once per page and, where there are descriptors, allocates each page; all or nothing.</summary>
    private bool TryHold(ulong first, ulong pages)
    {
        if (!Provider.TryAcquire((long)pages))
        {
            return false;
        }

        for (ulong i = 0; i < pages && Pagemap is not null; i++)
        {
            if (Pagemap.AllocateP2PPage(Range.Start.Frame.Add(first + i), out _) == Errno.None)
            {
                continue;
            }

            // Only a killed pagemap refuses. The pages before go back the usual way, through the last Put; the rest were never marked.
            Provider.Release((long)(pages - i));
            UsedPages += i;
            for (ulong undone = 0; undone < i; undone++)
            {
                _ = Pagemap.TryGetPage(Range.Start.Frame.Add(first + undone), out DevicePage page) && page.Put();
            }

            return false;
        }

        return true;
    }

    private static bool IsSet(ulong[] bits, ulong page) => (bits[page / 64] >> (int)(page % 64) & 1) != 0;

    private static void Set(ulong[] bits, ulong page) => bits[page / 64] |= 1UL << (int)(page % 64);

    private static void Clear(ulong[] bits, ulong page) => bits[page / 64] &= ~(1UL << (int)(page % 64));
}
