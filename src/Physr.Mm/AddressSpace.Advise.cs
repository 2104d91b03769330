// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Advice (<c>madvise</c>).</content>
public sealed unsafe partial class AddressSpace
{
    /// <summary>Tells of a range of memory, or has something done with it.</summary>
    /// <param name="address">A multiple of 4 KiB.</param>
    /// <param name="length">Bytes, rounded up to whole pages; zero does nothing.</param>
    /// <param name="advice">What.</param>
    /// <returns><see cref="Errno.EINVAL"/> for another address, a range that wraps, unknown advice, or an area that it does not fit; <see cref="Errno.ENOMEM"/> where the range has holes (the
    /// rest is done) or memory is short; <see cref="Errno.EFAULT"/> where pages to populate cannot be had; <see cref="Errno.EHWPOISON"/> where they are lost.</returns>
    public Errno TryAdvise(VirtualAddress address, ulong length, MemoryAdvice advice)
    {
        ThrowIfDisposed();
        if (!Enum.IsDefined(advice) || !address.IsAligned(PageSize.Size4K))
        {
            return Errno.EINVAL;
        }

        ulong rounded = unchecked((length + PageSize.Size4K - 1) & ~(PageSize.Size4K - 1));
        ulong end = unchecked(address.Value + rounded);
        if ((length != 0 && rounded == 0) || end < address.Value)
        {
            return Errno.EINVAL;
        }

        return rounded == 0 ? Errno.None
            : ChangesAreas(advice) ? Locked(address.Value, end, advice, isWrite: true)
            : Locked(address.Value, end, advice, isWrite: false);
    }

    private static bool ChangesAreas(MemoryAdvice advice) => advice is MemoryAdvice.Normal or MemoryAdvice.Random or MemoryAdvice.Sequential or MemoryAdvice.DontFork
        or MemoryAdvice.DoFork or MemoryAdvice.HugePage or MemoryAdvice.NoHugePage or MemoryAdvice.WipeOnFork or MemoryAdvice.KeepOnFork;

    private Errno Locked(ulong start, ulong end, MemoryAdvice advice, bool isWrite)
    {
        if (isWrite)
        {
            EnterLiveForWriting();
        }
        else
        {
            EnterLive();
        }

        try
        {
            return advice is MemoryAdvice.PopulateRead or MemoryAdvice.PopulateWrite
                ? PopulateLocked(start, end, advice == MemoryAdvice.PopulateWrite, ignoreHoles: false)
                : advice == MemoryAdvice.HwPoison ? PoisonRange(start, end)
                : AdviseAreas(start, end, advice);
        }
        finally
        {
            if (isWrite)
            {
                _lock.ExitWrite();
            }
            else
            {
                _lock.ExitRead();
            }
        }
    }

    private Errno AdviseAreas(ulong start, ulong end, MemoryAdvice advice)
    {
        Errno holes = Errno.None;
        ulong at = start;
        while (at < end)
        {
            VirtualMemoryArea? area = AreaAt(FirstEndingAfter(at));
            if (area is null || area.StartAddress >= end)
            {
                return Errno.ENOMEM;
            }

            if (area.StartAddress > at)
            {
                holes = Errno.ENOMEM;
                at = area.StartAddress;
            }

            ulong stop = Math.Min(end, area.EndAddress);
            Errno errno = AdviseArea(area, at, stop, advice);
            if (errno != Errno.None)
            {
                return errno;
            }

            at = stop;
        }

        return holes;
    }

    private Errno AdviseArea(VirtualMemoryArea area, ulong start, ulong end, MemoryAdvice advice)
    {
        switch (advice)
        {
            case MemoryAdvice.DontNeed:
                if (area.Has(VmFlags.Locked | VmFlags.PfnMap))
                {
                    return Errno.EINVAL;
                }

                NotifyAndZap(area, start, end, NotifierEvent.Clear, ZapMode.Pages);
                return Errno.None;
            case MemoryAdvice.Free:
                return area.IsAnonymous ? LazyFree(area, start, end) : Errno.EINVAL;
            case MemoryAdvice.GuardInstall:
                return InstallGuards(area, start, end);
            case MemoryAdvice.GuardRemove:
                return RemoveGuards(area, start, end);
            case MemoryAdvice.PageOut:
                if (area.Has(VmFlags.Locked | VmFlags.PfnMap))
                {
                    return Errno.EINVAL;
                }

                PageOut(area, start, end);
                return Errno.None;
            case MemoryAdvice.WillNeed:
                return area.IsAnonymous ? Errno.None : ReadAhead(area, start, end);
            default:
                return AdviseFlags(area, start, end, advice);
        }
    }

    private Errno AdviseFlags(VirtualMemoryArea area, ulong start, ulong end, MemoryAdvice advice)
    {
        VmFlags flags = area.Flags;
        switch (advice)
        {
            case MemoryAdvice.Normal:
                flags &= ~(VmFlags.RandomRead | VmFlags.SequentialRead);
                break;
            case MemoryAdvice.Random:
                flags = (flags & ~VmFlags.SequentialRead) | VmFlags.RandomRead;
                break;
            case MemoryAdvice.Sequential:
                flags = (flags & ~VmFlags.RandomRead) | VmFlags.SequentialRead;
                break;
            case MemoryAdvice.DontFork:
                flags |= VmFlags.DontCopy;
                break;
            case MemoryAdvice.DoFork when area.Has(VmFlags.Io):
                return Errno.EINVAL;
            case MemoryAdvice.DoFork:
                flags &= ~VmFlags.DontCopy;
                break;
            case MemoryAdvice.WipeOnFork when !area.IsAnonymous || area.Has(VmFlags.Shared):
                return Errno.EINVAL;
            case MemoryAdvice.WipeOnFork:
                flags |= VmFlags.WipeOnFork;
                break;
            case MemoryAdvice.KeepOnFork:
                flags &= ~VmFlags.WipeOnFork;
                break;
            case MemoryAdvice.HugePage when area.Has(VmFlags.Special):
                return Errno.EINVAL;
            case MemoryAdvice.HugePage:
                flags = (flags & ~VmFlags.NoHugePage) | VmFlags.HugePage;
                break;
            case MemoryAdvice.NoHugePage:
                flags = (flags & ~VmFlags.HugePage) | VmFlags.NoHugePage;
                break;
        }

        return flags == area.Flags ? Errno.None : Modify(area, start, end, flags, out _);
    }

    /// <summary>Visits the entries of a range, at 4 KiB: 2 MiB entries are broken first, tables are made where asked.</summary>
    private Errno ForEachEntry(VirtualMemoryArea area, ulong start, ulong end, bool makeTables, EntryAction action)
    {
        ulong next;
        for (ulong address = start; address < end; address = next)
        {
            next = Math.Min(end, (address | (HugeBytes - 1)) + 1);
            ulong* pmd = makeTables ? MakePmdOf(address) : PmdOf(address);
            if (pmd == null)
            {
                if (makeTables)
                {
                    return Errno.ENOMEM;
                }

                continue;
            }

            if (*pmd != 0 && !IsTable(*pmd) && !TrySplitHuge(area, pmd, address))
            {
                return Errno.ENOMEM;
            }

            ulong* table = makeTables ? MakeTable(pmd, out _) : TableBelow(pmd);
            if (table == null)
            {
                if (makeTables)
                {
                    return Errno.ENOMEM;
                }

                continue;
            }

            ref int tableLock = ref LockOf(table);
            WordLock.Enter(ref tableLock, "page table lock");
            for (ulong each = address; each < next; each += PageSize.Size4K)
            {
                action(EntryAt(table, each));
            }

            WordLock.Exit(ref tableLock);
        }

        return Errno.None;
    }

    private unsafe delegate void EntryAction(ulong* at);

    /// <summary>Pages of its own become clean: if nobody writes them again they may go. Those that others see too are left alone, and so are parts of large pages.</summary>
    private Errno LazyFree(VirtualMemoryArea area, ulong start, ulong end)
    {
        NotifyStart(start, end - start, NotifierEvent.Clear);
        Errno errno = ForEachEntry(area, start, end, makeTables: false, at =>
        {
            PageEntry entry = new(*at);
            if (entry.Kind == PageEntryKind.Swap)
            {
                ReleaseSwap(entry);
                CountSwap(-1);
                Volatile.Write(ref *at, 0);
            }
            else if (entry.IsPresent && !entry.IsSpecial)
            {
                Page page = Memory.PageOf(entry.Key);

                // One that is locked is on its way to swap or to a device: who writes it out tells by the dirty bit whether the bytes that he has are the last ones.
                if (page.IsAnonymous && !page.Has(PageFlags.Locked | PageFlags.SwapCache | PageFlags.Head | PageFlags.Tail) && page.IsRam)
                {
                    page.Clear(PageFlags.Dirty);
                    page.Set(PageFlags.LazyFree);
                    *at = entry.Without(PageEntry.DirtyBit | PageEntry.YoungBit).Value;
                }
            }
        });
        Notifiers.End();
        return errno;
    }

    private Errno InstallGuards(VirtualMemoryArea area, ulong start, ulong end)
    {
        if (area.Has(VmFlags.Special | VmFlags.Locked))
        {
            return Errno.EINVAL;
        }

        if (PrepareFamily(area) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        NotifyAndZap(area, start, end, NotifierEvent.Clear, ZapMode.Pages);
        ulong guard = PageEntry.Marker(PageMarkers.Guard).Value;
        Errno errno;
        bool hasRaced;
        do
        {
            hasRaced = false;
            errno = ForEachEntry(area, start, end, makeTables: true, at =>
            {
                if (*at == 0)
                {
                    Volatile.Write(ref *at, guard);
                }
                else
                {
                    hasRaced |= *at != guard;
                }
            });

            if (hasRaced)
            {
                NotifyAndZap(area, start, end, NotifierEvent.Clear, ZapMode.Pages);
            }
        }
        while (hasRaced && errno == Errno.None);
        return errno;
    }

    private Errno RemoveGuards(VirtualMemoryArea area, ulong start, ulong end)
    {
        if (area.Has(VmFlags.Special))
        {
            return Errno.EINVAL;
        }

        ulong guard = PageEntry.Marker(PageMarkers.Guard).Value;
        return ForEachEntry(area, start, end, makeTables: false, at =>
        {
            if (*at == guard)
            {
                Volatile.Write(ref *at, 0);
            }
        });
    }

    private Errno ReadAhead(VirtualMemoryArea area, ulong start, ulong end)
    {
        for (ulong address = start; address < end; address += PageSize.Size4K)
        {
            if (area.File is CachedFile file && file.TryGetPage(area.IndexOf(address), Group, mayFill: file.Kind == MemoryFileKind.Stored, out Page page) == Errno.None)
            {
                Memory.Put(page);
            }
        }

        return Errno.None;
    }
}
