// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>2 MiB entries: breaking them into 4 KiB ones.</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.

    internal const int PagesPerHuge = 512;

    /// <summary>Breaks the 2 MiB entry that an address inside it lies in, where there is one; false for want of memory.</summary>
    internal bool TrySplitHuge(VirtualMemoryArea area, ulong at)
    {
        if ((at & (HugeBytes - 1)) == 0)
        {
            return true;
        }

        ulong* pmd = PmdOf(at);
        return pmd == null || *pmd == 0 || IsTable(*pmd) || TrySplitHuge(area, pmd, at);
    }

    /// <summary>Breaks a 2 MiB entry into 512 that name the parts of the same page, which stays large; false for want of memory.</summary>
    /// <param name="area">Where it lies.</param>
    /// <param name="pmd">The entry.</param>
    /// <param name="address">An address in it.</param>
    /// <param name="isDeposited">Whether the table for it was put aside: for callers that cannot fail.</param>
    internal bool TrySplitHuge(VirtualMemoryArea area, ulong* pmd, ulong address, bool isDeposited = false)
    {
        if (area.File is DaxFile)
        {
            // A file's pages are found again, by 4 KiB or by 2 MiB.
            ulong from = address & ~(HugeBytes - 1);
            NotifyStart(from, HugeBytes, NotifierEvent.Clear);
            ZapHuge(pmd);
            Notifiers.End();
            return true;
        }

        ulong* table = TryTakeTable(isDeposited);
        if (table == null)
        {
            return false;
        }

        ulong start = address & ~(HugeBytes - 1);
        NotifyStart(start, HugeBytes, NotifierEvent.Clear);

        ref int pmdLock = ref LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        PageEntry entry = new(*pmd);
        bool isHuge = entry.Value != 0 && !IsTable(entry.Value);
        if (isHuge)
        {
            FillFromHuge(area, table, entry);
            Volatile.Write(ref *pmd, EntryOf(table));
        }

        WordLock.Exit(ref pmdLock);
        Notifiers.End();
        if (!isHuge)
        {
            ReturnTable(table);
        }

        return true;
    }

    private void FillFromHuge(VirtualMemoryArea area, ulong* table, PageEntry entry)
    {
        if (entry.IsPresent && entry.IsSpecial && area.IsAnonymous)
        {
            ulong zero = PageEntry.Present(Memory.ZeroPage.Key, (entry.Value & PageEntry.UserBit) | PageEntry.SpecialBit).Value;
            new Span<ulong>(table, PagesPerHuge).Fill(zero);
            return;
        }

        PageEntry small = entry.Without(PageEntry.HugeBit);
        for (uint i = 0; i < PagesPerHuge; i++)
        {
            table[i] = small.WithKey(entry.Key.Add(i)).Value;
        }

        if ((entry.IsPresent && !entry.IsSpecial) || entry.IsDevicePrivate)
        {
            Page head = Memory.PageOf(entry.Key);
            bool isExclusive = head.Has(PageFlags.AnonymousExclusive);
            for (int i = 0; i < PagesPerHuge; i++)
            {
                Page part = head.At(i);
                part.AddMapping();
                if (isExclusive)
                {
                    part.Set(PageFlags.AnonymousExclusive);
                }
            }

            head.Get(PagesPerHuge - 1);
            head.AddEntireMapping(-1);
        }
    }
}
