// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;
using Physr.Mm.Reporting;

namespace Physr.Mm;

/// <content>What the process uses, as the kernel reports it (row R26).</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    private const ulong PagemapFrameMask = (1UL << 55) - 1;

    /// <summary>What all areas use.</summary>
    public MemoryUsage Usage()
    {
        ThrowIfDisposed();
        MemoryUsage sum = new();
        EnterLive();
        try
        {
            foreach (VirtualMemoryArea area in _areas)
            {
                sum.Add(UsageOf(area, area.StartAddress, area.EndAddress));
            }
        }
        finally
        {
            _lock.ExitRead();
        }

        return sum;
    }

    /// <summary>What one area uses.</summary>
    public MemoryUsage Usage(VirtualMemoryArea area)
    {
        ArgumentNullException.ThrowIfNull(area);
        ThrowIfDisposed();
        _lock.EnterRead();
        try
        {
            return UsageOf(area, area.StartAddress, area.EndAddress);
        }
        finally
        {
            _lock.ExitRead();
        }
    }

    /// <summary>What a part of one area uses; below the lock for reading.</summary>
    internal MemoryUsage UsageOf(VirtualMemoryArea area, ulong start, ulong end)
    {
        MemoryUsage usage = new();
        ulong next;
        for (ulong address = start; address < end; address = next)
        {
            next = Math.Min(end, (address | (HugeBytes - 1)) + 1);
            ulong* pmd = PmdOf(address);
            if (pmd == null || *pmd == 0)
            {
                continue;
            }

            ulong* first = IsTable(*pmd) ? EntryAt(TableOf(*pmd), address) : pmd;
            ref int tableLock = ref LockOf(first);
            WordLock.Enter(ref tableLock, "page table lock");
            if (first == pmd)
            {
                AccountHuge(usage, area, new(*pmd), (int)((next - address) >> PageSize.Shift4K));
            }
            else
            {
                for (ulong i = 0; i < (next - address) >> PageSize.Shift4K; i++)
                {
                    Account(usage, area, new(first[i]));
                }
            }

            WordLock.Exit(ref tableLock);
        }

        return usage;
    }

    /// <summary>The words of <c>/proc/PID/pagemap</c> for a run of pages (row R26b).</summary>
    /// <param name="address">The first page's.</param>
    /// <param name="words">One for each page.</param>
    /// <param name="isPrivileged">Whether frame numbers are shown (row R26c).</param>
    public void ReadPagemap(VirtualAddress address, Span<ulong> words, bool isPrivileged)
    {
        ThrowIfDisposed();
        EnterLive();
        try
        {
            for (int i = 0; i < words.Length; i++)
            {
                ulong at = (address.Value & ~(PageSize.Size4K - 1)) + ((ulong)i << PageSize.Shift4K);
                words[i] = at < End ? PagemapWord(at, isPrivileged) : 0;
            }
        }
        finally
        {
            _lock.ExitRead();
        }
    }

    /// <summary>Which pages are in RAM (<c>mincore</c>).</summary>
    /// <param name="address">A multiple of 4 KiB.</param>
    /// <param name="residency">One byte for each page: 1 or 0. Where there is a hole, those before it are filled in.</param>
    /// <returns><see cref="Errno.EINVAL"/> for another address; <see cref="Errno.ENOMEM"/> at a hole.</returns>
    public Errno TryReadResidency(VirtualAddress address, Span<byte> residency)
    {
        ThrowIfDisposed();
        if (!address.IsAligned(PageSize.Size4K))
        {
            return Errno.EINVAL;
        }

        EnterLive();
        try
        {
            for (int i = 0; i < residency.Length; i++)
            {
                ulong at = address.Value + ((ulong)i << PageSize.Shift4K);
                if (at >= End || Find(at) is not { } area)
                {
                    return Errno.ENOMEM;
                }

                residency[i] = IsResident(area, at) ? (byte)1 : (byte)0;
            }

            return Errno.None;
        }
        finally
        {
            _lock.ExitRead();
        }
    }

    private bool IsResident(VirtualMemoryArea area, ulong address)
    {
        PageEntry entry = EntryOf(address);
        return entry.Kind switch
        {
            PageEntryKind.None or PageEntryKind.Marker => area.File?.IsResident(area.IndexOf(address)) == true,
            PageEntryKind.Swap => Memory.SwapAreaOf(entry).IsCached(entry.SwapSlot),
            _ => true,
        };
    }

    private ulong PagemapWord(ulong address, bool isPrivileged)
    {
        PageEntry entry = EntryOf(address);
        VirtualMemoryArea? area = Find(address);
        if (area is null)
        {
            return 0;
        }

        PagemapFlags flags = Memory.Options.TracksSoftDirty && (entry.IsSoftDirty || area.Has(VmFlags.SoftDirty)) ? PagemapFlags.SoftDirty : PagemapFlags.None;
        if (entry.IsNone)
        {
            return (ulong)flags;
        }

        ulong into = entry.IsHuge ? (address & (HugeBytes - 1)) >> PageSize.Shift4K : 0;
        bool namesPage = (entry.IsPresent && !entry.IsSpecial) || entry.NamesPage;
        Page page = namesPage ? Memory.PageOf(entry.Key.Add(into)) : default;
        ulong shown = 0;
        if (entry.IsPresent)
        {
            flags |= PagemapFlags.Present;
            shown = entry.Key.Value + into;
        }
        else
        {
            flags |= PagemapFlags.Swap | ((entry.Markers & PageMarkers.Guard) != PageMarkers.None ? PagemapFlags.GuardRegion : PagemapFlags.None);

            // A page of the offset space has no number that anybody outside could use.
            shown = (uint)entry.Type | (entry.Kind == PageEntryKind.Marker ? (ulong)entry.Markers << 5 : entry.NamesPage && entry.Key.IsOffset ? 0 : (entry.Key.Value + into) << 5);
        }

        if (!page.IsNull)
        {
            flags |= page.Head.IsAnonymous ? PagemapFlags.None : PagemapFlags.File;
            flags |= !entry.IsMigration && page.MapCount == 1 ? PagemapFlags.MappedExclusively : PagemapFlags.None;
        }

        return (ulong)flags | (isPrivileged ? shown & PagemapFrameMask : 0);
    }

    private void Account(MemoryUsage usage, VirtualMemoryArea area, PageEntry entry)
    {
        if (entry.Kind == PageEntryKind.Swap)
        {
            int count = Memory.SwapAreaOf(entry).CountOf(entry.SwapSlot);
            usage.Swap += PageSize.Size4K;
            usage.SwapPssFine += (PageSize.Size4K << MemoryUsage.PssShift) / (ulong)Math.Max(1, count);
        }
        else if ((entry.IsPresent && !entry.IsSpecial) || entry.NamesPage)
        {
            AccountPages(usage, area, entry, Memory.PageOf(entry.Key), 1);
        }
    }

    private void AccountHuge(MemoryUsage usage, VirtualMemoryArea area, PageEntry entry, int pages)
    {
        if ((entry.IsPresent && !entry.IsSpecial) || entry.IsDevicePrivate || entry.IsMigration)
        {
            usage.AnonHugePages += (ulong)pages << PageSize.Shift4K;
            AccountPages(usage, area, entry, Memory.PageOf(entry.Key), pages);
        }
    }

    private static void AccountPages(MemoryUsage usage, VirtualMemoryArea area, PageEntry entry, Page page, int pages)
    {
        Page head = page.Head;
        bool isDirty = (entry.IsPresent && entry.IsDirty) || head.Has(PageFlags.Dirty);
        bool isPresent = entry.IsPresent || entry.IsDevicePrivate;
        ulong size = (ulong)pages << PageSize.Shift4K;
        usage.Rss += size;
        if (head.IsAnonymous)
        {
            usage.Anonymous += size;
            usage.LazyFree += head.Has(PageFlags.LazyFree) && !isDirty ? size : 0;
        }

        usage.Referenced += entry.IsPresent && entry.IsYoung ? size : 0;
        if (head.References == 1 || !isPresent)
        {
            AccountShare(usage, area, size, size << MemoryUsage.PssShift, isDirty, isPrivate: isPresent);
            return;
        }

        for (int i = 0; i < pages; i++)
        {
            int count = page.At(i).MapCount;
            ulong share = (PageSize.Size4K << MemoryUsage.PssShift) / (ulong)Math.Max(1, count);
            AccountShare(usage, area, PageSize.Size4K, share, isDirty, isPrivate: count < 2);
        }
    }

    private static void AccountShare(MemoryUsage usage, VirtualMemoryArea area, ulong size, ulong share, bool isDirty, bool isPrivate)
    {
        usage.PssFine += share;
        usage.LockedFine += area.Has(VmFlags.Locked) ? share : 0;
        usage.PssDirtyFine += isDirty ? share : 0;
        usage.PrivateDirty += isDirty && isPrivate ? size : 0;
        usage.PrivateClean += !isDirty && isPrivate ? size : 0;
        usage.SharedDirty += isDirty && !isPrivate ? size : 0;
        usage.SharedClean += !isDirty && !isPrivate ? size : 0;
    }
}
