// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Holding pages and letting go of them.</content>
public sealed unsafe partial class PhysicalMemory
{
    // SAFETY: a page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it.

    /// <summary>Gives references to a (head) page back; the last one frees it.</summary>
    internal void Put(Page head, int count = 1)
    {
        SchedulePoint.Reach("page put");
        if (!head.IsRam)
        {
            DevicePage device = DeviceOf(head);
            for (int i = 0; i < count; i++)
            {
                device.Put();
            }

            return;
        }

        int left = Interlocked.Add(ref head.Descriptor->ReferenceCount, -count);
        if (left == 0)
        {
            FreeRam(head);
        }
        else if (left < 0)
        {
            throw new PhysrException("put page", head.Key.ToString(), Errno.EINVAL, "the page is free already");
        }
    }

    /// <summary>Takes pins and their references off a (head) page, in one step; who calls counts them (<see cref="CountPins"/>).</summary>
    internal void Unpin(Page head, int count = 1)
    {
        long both = ((long)count << 32) + count;
        if (!head.IsRam)
        {
            UnpinDevice(head, count);
            return;
        }

        long left = Interlocked.Add(ref head.Descriptor->ReferencesAndPins, -both);
        if (left < 0 || (int)left < 0)
        {
            Interlocked.Add(ref head.Descriptor->ReferencesAndPins, both);
            throw new PhysrException("unpin page", head.Key.ToString(), Errno.EINVAL, "the page is not pinned so often");
        }

        if ((int)left == 0)
        {
            FreeRam(head);
        }
    }

    private void UnpinDevice(Page head, int count)
    {
        if (Interlocked.Add(ref head.Descriptor->PinCount, -count) < 0)
        {
            Interlocked.Add(ref head.Descriptor->PinCount, count);
            throw new PhysrException("unpin page", head.Key.ToString(), Errno.EINVAL, "the page is not pinned so often");
        }

        Put(head, count);
    }

    internal void CountPins(long pins) => Interlocked.Add(ref _pins, pins);

    /// <summary>One reference to a page seen in an entry, below the table's lock.</summary>
    internal bool TryGet(Page head)
    {
        if (head.IsRam)
        {
            head.Get();
            return true;
        }

        return DeviceOf(head).TryGet();
    }
}
