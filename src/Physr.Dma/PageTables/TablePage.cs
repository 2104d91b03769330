// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Physr.Dma.PageTables;

/// <summary>One table of 512 entries, off the managed heap: the only door to its words.</summary>
/// <param name="address">Where it is; 4 KiB-aligned, and alive as long as the <see cref="TablePool"/> it came from.</param>
internal readonly unsafe struct TablePage(nint address)
{
    /// <summary>Entries in a table.</summary>
    public const int Entries = 512;

    private const int Lanes = 8;

    /// <summary>Where it is.</summary>
    public nint Address => address;

    /// <summary>Whether there is none.</summary>
    public bool IsNull => address == 0;

    /// <summary>One entry.</summary>
    public ref ulong this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            Debug.Assert((uint)index < Entries, "An index comes from 9 bits of an address.");

            // SAFETY: a table page is 512 words of native memory that its pool frees only when the whole table is disposed of; the index is below 512.
            return ref Unsafe.AsRef<ulong>((ulong*)address + (uint)index);
        }
    }

    /// <summary>The next page of a chain, while the page is in nobody's table: its first word, which every format reads as an absent entry.</summary>
    public TablePage Next
    {
        get => new((nint)this[0]);
        set => this[0] = (ulong)value.Address;
    }

    /// <summary>The table that an entry leads to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TablePage Of(ulong entry) => new((nint)(entry & EntryBits.Address));

    // SAFETY: the page is this many bytes long and nobody else has it.
    /// <summary>Makes every entry absent; for a page that nobody can walk yet.</summary>
    public void Clear() => NativeMemory.Clear((void*)address, (nuint)PageSize.Size4K);

    /// <summary>Whether a run of entries is absent.</summary>
    public bool IsEmpty(int index, int count)
    {
        Debug.Assert(index >= 0 && count >= 0 && index + count <= Entries, "A run ends with its table.");

        // SAFETY: the run lies in the page.
        ulong* entry = (ulong*)address + index;
        ulong* end = entry + count;
        for (; end - entry >= Lanes; entry += Lanes)
        {
            if (Vector512.Load(entry) != Vector512<ulong>.Zero)
            {
                return false;
            }
        }

        for (; entry < end; entry++)
        {
            if (*entry != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether no entry of the page is absent.</summary>
    public bool IsFull()
    {
        // SAFETY: 512 entries are a whole number of vectors.
        for (ulong* entry = (ulong*)address; entry < (ulong*)address + Entries; entry += Lanes)
        {
            if (Vector512.EqualsAny(Vector512.Load(entry), Vector512<ulong>.Zero))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes all 512 entries of a page that nobody can walk yet, each the one before plus <paramref name="step"/>.</summary>
    public void FillUnseen(ulong first, ulong step)
    {
        Vector512<ulong> entries = Vector512.CreateSequence(first, step);
        Vector512<ulong> steps = Vector512.Create(step * Lanes);

        // SAFETY: 512 entries are a whole number of vectors.
        for (ulong* entry = (ulong*)address; entry < (ulong*)address + Entries; entry += Lanes)
        {
            entries.Store(entry);
            entries += steps;
        }
    }

    /// <summary>Writes a run of entries, each the one before plus <paramref name="step"/>, word by word: a walker sees a word whole or not at all.</summary>
    public void Fill(int index, int count, ulong first, ulong step)
    {
        Debug.Assert(index >= 0 && count >= 0 && index + count <= Entries, "A run ends with its table.");

        // SAFETY: the run lies in the page; aligned words are stored whole.
        ulong* entry = (ulong*)address + index;
        ulong* end = entry + count;
        for (; entry < end; entry++)
        {
            *entry = first;
            first += step;
        }
    }

    /// <summary>Makes present entries absent from <paramref name="index"/> on, word by word, until one already is.</summary>
    /// <returns>How many were present, at most <paramref name="count"/>.</returns>
    public int ClearPresent(int index, int count)
    {
        Debug.Assert(index >= 0 && count >= 0 && index + count <= Entries, "A run ends with its table.");

        // SAFETY: the run lies in the page; aligned words are stored whole.
        ulong* entry = (ulong*)address + index;
        ulong* end = entry + count;
        ulong* start = entry;
        while (entry < end && *entry != 0)
        {
            *entry++ = 0;
        }

        return (int)(entry - start);
    }
}
