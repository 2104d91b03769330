// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <content>Bytes that the hardware lost (<c>memory_failure</c>, row R89).</content>
public sealed unsafe partial class PhysicalMemory
{
    // SAFETY: a page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it.

    private readonly Lock _failures = new();
    private long _poisonedPages;

    /// <summary>Told once for each place where a process mapped a lost page: the process is killed or gets SIGBUS (row R89d).</summary>
    public event Action<AddressSpace, VirtualAddress>? MapperHurt;

    /// <summary>Pages of RAM that were lost and are never handed out again (<c>HardwareCorrupted</c>).</summary>
    public long PoisonedPages => Volatile.Read(ref _poisonedPages);

    /// <summary>Reports that the hardware lost a page of RAM: entries that map it become entries of poison, and the frame is never used again. A clean page of a stored file is only
    /// dropped; of a large page only the part that is lost goes, unless somebody holds it whole.</summary>
    /// <param name="frame">The frame.</param>
    /// <returns><see cref="Errno.ENXIO"/> where there is no such RAM; <see cref="Errno.EHWPOISON"/> where it is lost already; <see cref="Errno.EBUSY"/> for a page of zeros.</returns>
    public Errno ReportMemoryFailure(PageFrameNumber frame)
    {
        Page page = PageOf(PageKey.Of(frame));
        if (page.IsNull || !page.IsRam)
        {
            return Errno.ENXIO;
        }

        lock (_failures)
        {
            if (page.Head.Has(PageFlags.Reserved))
            {
                return Errno.EBUSY;
            }

            if (page.Has(PageFlags.Poisoned))
            {
                return Errno.EHWPOISON;
            }

            SpinWait spinner = default;
            while (!ZoneOf(page.Key).TryIsolate(frame) && !TryLose(page))
            {
                // On its way to or from the free lists, or part of another large page by now.
                Interleaving.SchedulePoint.Wait("lost page", ref spinner);
            }

            Interlocked.Increment(ref _poisonedPages);
            return Errno.None;
        }
    }

    /// <summary>Takes a lost page out of use, alone if its large page can be broken; false to look again.</summary>
    private bool TryLose(Page page)
    {
        Page head = page.Head;
        if (!TryHold(head))
        {
            return false;
        }

        head.Lock();
        bool isHead = head.Equals(page.Head);
        if (!isHead || (head.Order != 0 && TrySplitMapped(head, references: 1)))
        {
            head.Unlock();
            Put(head);
            return false;
        }

        // Held for good: the frame never gets free.
        page.Set(PageFlags.Poisoned);
        head.Set(PageFlags.Poisoned);
        if (MappingOf(head)?.File is not StoredFile file || !file.TryDropLost(head))
        {
            Poison(head);
        }

        head.Unlock();
        return true;
    }

    /// <summary>One more reference to a page that nobody said is in use.</summary>
    private static bool TryHold(Page head)
    {
        int seen = head.References;
        while (seen > 0)
        {
            int before = Interlocked.CompareExchange(ref head.Descriptor->ReferenceCount, seen + 1, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    private void OnDevicePagePoisoned(DevicePage device, MemoryFailureFlags flags)
    {
        Page page = PageOf(PageKey.Of(device));
        Page head = page.Head;
        Poison(head, device.Pagemap.Type == MemoryType.FsDax && head.Order != 0 ? (int)(page.Key.Value - head.Key.Value) : -1);
    }

    /// <summary>Puts poison in the place of entries that map a lost page.</summary>
    /// <param name="head">The (head) page.</param>
    /// <param name="part">Which part of it is lost; -1 for all of it.</param>
    private void Poison(Page head, int part = -1)
    {
        UnmapVisitor visitor = new(head, isPoison: true) { LostPart = part, Hurt = (space, address) => MapperHurt?.Invoke(space, new(address)) };
        Walk(head, ref visitor);
        if (visitor.Released != 0)
        {
            Put(head, visitor.Released);
        }
    }
}
