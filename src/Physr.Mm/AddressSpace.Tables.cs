// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>The page tables: 4 levels of 512 entries. Upper entries hold the address of a table; the third level may hold a 2 MiB entry in its place.</content>
public sealed unsafe partial class AddressSpace
{
    internal const ulong HugeBytes = PageSize.Size2M;

    private const int IndexBits = 9;
    private const ulong TableBit = PageEntry.PresentBit;
    private int _tablesLock;
    private long _tables = 1;

    /// <summary>Page tables in use.</summary>
    public long PageTables => Volatile.Read(ref _tables);

    /// <summary>The first-level table; for who recounts them.</summary>
    internal ulong* Root => _root;

    /// <summary>The third-level entry of an address; null where no table is yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong* PmdOf(ulong address)
    {
        // SAFETY: tables are only taken away below the lock for writing, when no area needs them; callers hold the lock for reading, or the reverse mapping of an area.
        ulong top = Volatile.Read(ref _root[(address >> 39) & 511]);
        if (top == 0)
        {
            return null;
        }

        ulong middle = Volatile.Read(ref TableOf(top)[(address >> 30) & 511]);
        return middle == 0 ? null : TableOf(middle) + ((address >> 21) & 511);
    }

    /// <summary>The third-level entry of an address, with tables above it; null when memory runs out.</summary>
    internal ulong* MakePmdOf(ulong address)
    {
        ulong* found = PmdOf(address);
        if (found != null)
        {
            return found;
        }

        ulong* node = _root;
        for (int shift = 39; shift >= 30; shift -= IndexBits)
        {
            node = MakeBelow(node + ((address >> shift) & 511));
            if (node == null)
            {
                return null;
            }
        }

        return node + ((address >> 21) & 511);
    }

    /// <summary>The table of 4 KiB entries below a third-level entry; null where none is, or a 2 MiB entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong* TableBelow(ulong* pmd)
    {
        ulong value = Volatile.Read(ref *pmd);
        return IsTable(value) ? TableOf(value) : null;
    }

    /// <summary>The table of 4 KiB entries of an address, made where nothing is; null for want of memory, and with <paramref name="isHuge"/> where a 2 MiB entry is.</summary>
    internal ulong* MakeTable(ulong* pmd, out bool isHuge)
    {
        isHuge = false;
        while (true)
        {
            ulong value = Volatile.Read(ref *pmd);
            if (IsTable(value))
            {
                return TableOf(value);
            }

            if (value != 0)
            {
                isHuge = true;
                return null;
            }

            ulong* fresh = TryTakeTable();
            if (fresh == null)
            {
                return null;
            }

            ref int pmdLock = ref LockOf(pmd);
            WordLock.Enter(ref pmdLock, "huge entry lock");
            if (*pmd == 0)
            {
                Volatile.Write(ref *pmd, EntryOf(fresh));
                WordLock.Exit(ref pmdLock);
                return fresh;
            }

            WordLock.Exit(ref pmdLock);
            ReturnTable(fresh);
        }
    }

    /// <summary>The lock of the table that an entry lies in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ref int LockOf(ulong* entry) => ref PageTablePool.LockOf(entry);

    /// <summary>Whether a third-level word is a pointer to a table: then its other bits are an address, and the huge bit is never set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsTable(ulong value) => (value & (TableBit | PageEntry.HugeBit)) == TableBit;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong* EntryAt(ulong* table, ulong address) => table + ((address >> PageSize.Shift4K) & 511);

    internal ulong* TryTakeTable(bool isDeposited = false)
    {
        ulong* node = Memory.Tables.TryTake(isDeposited);
        if (node != null)
        {
            Interlocked.Increment(ref _tables);
        }

        return node;
    }

    internal void ReturnTable(ulong* node)
    {
        Interlocked.Decrement(ref _tables);
        Memory.Tables.Return(node);
    }

    internal static ulong EntryOf(ulong* node) => (ulong)node | TableBit;

    /// <summary>Takes tables away that no area needs: all of whose span lies between two neighbours. Below the lock for writing.</summary>
    private void FreeTables(ulong start, ulong end, ulong floor, ulong ceiling)
    {
        for (ulong address = start & ~(HugeBytes - 1); address < end; address += HugeBytes)
        {
            ulong* pmd = PmdOf(address);
            if (pmd == null)
            {
                // Nothing below the next gibibyte, or less: go on where its first entry could be.
                address = (address | (PageSize.Size1G - 1)) - HugeBytes + 1;
                continue;
            }

            if (IsTable(*pmd) && address >= floor && address + HugeBytes <= ceiling)
            {
                ulong* table = TableOf(*pmd);
                Volatile.Write(ref *pmd, 0);
                ReturnTable(table);
            }
        }

        FreeUpper(start, end, floor, ceiling, shift: 30);
        FreeUpper(start, end, floor, ceiling, shift: 39);
    }

    private void FreeUpper(ulong start, ulong end, ulong floor, ulong ceiling, int shift)
    {
        ulong span = 1UL << shift;
        for (ulong address = start & ~(span - 1); address < end; address += span)
        {
            ulong* entry = _root + ((address >> 39) & 511);
            if (*entry == 0)
            {
                continue;
            }

            if (shift == 30)
            {
                entry = TableOf(*entry) + ((address >> 30) & 511);
            }

            if (*entry != 0 && address >= floor && address + span <= ceiling)
            {
                ulong* table = TableOf(*entry);
                Volatile.Write(ref *entry, 0);
                ReturnTable(table);
            }
        }
    }

    private ulong* MakeBelow(ulong* entry)
    {
        ulong value = Volatile.Read(ref *entry);
        if (value != 0)
        {
            return TableOf(value);
        }

        ulong* fresh = TryTakeTable();
        if (fresh == null)
        {
            return null;
        }

        WordLock.Enter(ref _tablesLock, "upper tables lock");
        if (*entry == 0)
        {
            Volatile.Write(ref *entry, EntryOf(fresh));
            WordLock.Exit(ref _tablesLock);
            return fresh;
        }

        ulong* other = TableOf(*entry);
        WordLock.Exit(ref _tablesLock);
        ReturnTable(fresh);
        return other;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong* TableOf(ulong entry) => (ulong*)(entry & ~(PageSize.Size4K - 1));
}
