// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <content>Bytes that the hardware lost (<c>memory_failure</c>, row R89).</content>
public sealed unsafe partial class PhysicalMemory
{
    private long _poisonedPages;

    /// <summary>Told once for each place where a process mapped a lost page: the process is killed or gets SIGBUS (row R89d).</summary>
    public event Action<AddressSpace, VirtualAddress>? MapperHurt;

    /// <summary>Pages of RAM that were lost and are never handed out again (<c>HardwareCorrupted</c>).</summary>
    public long PoisonedPages => Volatile.Read(ref _poisonedPages);

    /// <summary>Reports that the hardware lost a page of RAM: entries that map it become entries of poison, and the frame is never used again.</summary>
    /// <param name="frame">The frame.</param>
    /// <returns><see cref="Errno.ENXIO"/> where there is no such RAM; <see cref="Errno.EHWPOISON"/> where it is lost already; <see cref="Errno.EBUSY"/> for a page of zeros.</returns>
    public Errno ReportMemoryFailure(PageFrameNumber frame)
    {
        Page page = PageOf(PageKey.Of(frame));
        if (page.IsNull || !page.IsRam)
        {
            return Errno.ENXIO;
        }

        Page head = page.Head;
        if (head.Has(PageFlags.Reserved))
        {
            return Errno.EBUSY;
        }

        if ((page.Set(PageFlags.Poisoned) & PageFlags.Poisoned) != PageFlags.None)
        {
            return Errno.EHWPOISON;
        }

        Interlocked.Increment(ref _poisonedPages);
        if (head.Has(PageFlags.Free))
        {
            return Errno.None;
        }

        // Held for good: the frame never gets free.
        head.Get();
        head.Set(PageFlags.Poisoned);
        head.Lock();
        Poison(head);
        head.Unlock();
        return Errno.None;
    }

    private void OnDevicePagePoisoned(DevicePage device, MemoryFailureFlags flags)
    {
        Page page = PageOf(PageKey.Of(device));
        Poison(page.Head);
    }

    private void Poison(Page head)
    {
        UnmapVisitor visitor = new(head, isPoison: true) { Hurt = (space, address) => MapperHurt?.Invoke(space, new(address)) };
        Walk(head, ref visitor);
        if (visitor.Released != 0)
        {
            Put(head, visitor.Released);
        }
    }
}
