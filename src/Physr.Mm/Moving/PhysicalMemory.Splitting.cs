// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Large pages that become single ones.</content>
public sealed unsafe partial class PhysicalMemory
{
    // SAFETY: a page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it.
    /// <summary>Breaks a large page that is locked, mapped nowhere and held by the caller alone into single pages, each locked and with one reference; references beyond the first stay with the
    /// head.</summary>
    /// <returns>False where somebody else holds it, or memory for page tables is short: it stays large.</returns>
    internal bool TrySplit(Page head, int references)
    {
        if (!PassesGate("split huge page"))
        {
            return false;
        }

        SplitVisitor visitor = new(head);
        Walk(head, ref visitor);
        if (visitor.HasFailed || head.References != references)
        {
            return false;
        }

        return head.IsRam ? SplitRam(head) : DeviceOf(head).SplitHeld(references) == Errno.None;
    }

    /// <summary>Breaks a large page that is locked, whatever maps it: entries name the single pages then, of which only the first stays locked and held.</summary>
    /// <returns>False where it stays large.</returns>
    internal bool TrySplitMapped(Page head, int references)
    {
        int pages = head.Pages;
        Unmap(head);
        if (!TrySplit(head, references))
        {
            Restore(head, head);
            return false;
        }

        for (int i = pages - 1; i >= 0; i--)
        {
            Page part = head.At(i);
            Restore(part, part);
            if (i != 0)
            {
                part.Unlock();
                Put(part);
            }
        }

        return true;
    }

    private static bool SplitRam(Page head)
    {
        int pages = head.Pages;
        PageDescriptor* first = head.Descriptor;
        PageFlags flags = head.Clear(PageFlags.Head) & ~PageFlags.Head;
        first->OrderValue = 0;
        for (int i = 1; i < pages; i++)
        {
            // Whoever takes a migration entry of it away meanwhile asks its flags, or its head's, whose page it is: one of the two says so at every moment.
            PageDescriptor* each = first + i;
            PageFlags own = (PageFlags)each->FlagBits & PageFlags.Poisoned;
            each->Mapping = first->Mapping;
            each->Index = first->Index + (ulong)i;
            each->GroupId = first->GroupId;
            each->OrderValue = 0;
            Volatile.Write(ref each->FlagBits, (ulong)((flags & ~(PageFlags.AnonymousExclusive | PageFlags.Poisoned)) | own));
            SchedulePoint.Reach("split");
            Volatile.Write(ref each->HeadDistance, 0);
            Volatile.Write(ref each->ReferenceCount, 1);
        }

        return true;
    }
}
