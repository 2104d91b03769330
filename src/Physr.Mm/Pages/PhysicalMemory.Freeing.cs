// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <content>What happens when the last reference goes.</content>
public sealed unsafe partial class PhysicalMemory
{
    // SAFETY: a page's descriptor is native memory that stays while the page is held.

    /// <summary>Gives a reference to a single page of RAM back; true where it was the last and the frame is the caller's to free.</summary>
    internal bool PutLast(Page head)
    {
        int left = Interlocked.Decrement(ref head.Descriptor->ReferenceCount);
        if (left < 0)
        {
            throw new PhysrException("put page", head.Key.ToString(), Errno.EINVAL, "the page is free already");
        }

        return left == 0 && Retire(head);
    }

    internal void FreeFrames(PageFrameNumber first, ulong pages)
    {
        // A run may reach from one zone into the next.
        while (pages != 0)
        {
            RamZone zone = ZoneOf(PageKey.Of(first));
            ulong here = Math.Min(pages, (zone.Range.End.Value >> PageSize.Shift4K) - first.Value);
            zone.FreeRun(first, here);
            first = first.Add(here);
            pages -= here;
        }
    }

    /// <summary>The last reference to a device's page went, whoever held it: nobody is charged for it any more.</summary>
    private void OnDevicePageReleased(DevicePage device) => Uncharge(PageOf(PageKey.Of(device)));

    private void FreeRam(Page head)
    {
        if (Retire(head))
        {
            ZoneOf(head.Key).Free(head.Key.Frame, head.Order);
        }
    }

    /// <summary>Ends the use of a page without references; false where its bytes are lost, so that nobody gets it again.</summary>
    private bool Retire(Page head)
    {
        if (head.Has(PageFlags.Reserved | PageFlags.SwapCache | PageFlags.Locked) || head.Descriptor->MapCount != 0 || head.Descriptor->EntireMapCount != 0)
        {
            throw new PhysrException("free page", head.ToString(), Errno.EBUSY, "its last reference went while it is in use");
        }

        Uncharge(head);
        return !head.Has(PageFlags.Poisoned);
    }
}
