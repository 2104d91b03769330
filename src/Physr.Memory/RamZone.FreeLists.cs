// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <content>Free runs, linked through their first descriptors: <see cref="PageDescriptor.Mapping"/> is the next one, <see cref="PageDescriptor.Index"/> the one before.</content>
public sealed unsafe partial class RamZone
{
    /// <summary>Takes a frame that is free out of the free lists for good, because its bytes are lost; false where it is in use.</summary>
    internal bool TryIsolate(PageFrameNumber frame)
    {
        ulong page = frame.Value - _first;
        lock (_lock)
        {
            int order = 0;
            while (order <= MaxOrder && !IsHead(page & ~((1UL << order) - 1), order))
            {
                order++;
            }

            if (order > MaxOrder)
            {
                return false;
            }

            ulong run = page & ~((1UL << order) - 1);
            Unlink(run, order);
            while (order > 0)
            {
                order--;
                bool isUpper = (page & (1UL << order)) != 0;
                Link(isUpper ? run : run + (1UL << order), order);
                run = isUpper ? run + (1UL << order) : run;
            }

            PageDescriptor* descriptor = _descriptors + page;
            *descriptor = default;
            descriptor->FlagBits = (ulong)PageFlags.Poisoned;
            descriptor->ReferenceCount = 1;
            Volatile.Write(ref _freePages, _freePages - 1);
            return true;
        }
    }

    private void FillFreeLists()
    {
        for (ulong page = 0; page < _pages; page++)
        {
            // SAFETY: below the count that was allocated.
            _descriptors[page].FlagBits = (ulong)PageFlags.Free;
        }

        // From the top, so that the lowest run is the first of its list.
        ulong end = _pages;
        while (end > 0)
        {
            int order = MaxOrder;
            while ((1UL << order) > end || ((end - (1UL << order)) & ((1UL << order) - 1)) != 0)
            {
                order--;
            }

            end -= 1UL << order;
            Link(end, order);
        }

        _freePages = (long)_pages;
    }

    private void Link(ulong page, int order)
    {
        PageDescriptor* descriptor = _descriptors + page;
        descriptor->OrderValue = (byte)order;
        descriptor->FlagBits = (ulong)(PageFlags.Free | PageFlags.Head);
        descriptor->Index = FreedOrNever;
        descriptor->Mapping = _heads[order];
        if (_heads[order] != FreedOrNever)
        {
            _descriptors[_heads[order]].Index = page;
        }

        _heads[order] = page;
    }

    private void Unlink(ulong page, int order)
    {
        PageDescriptor* descriptor = _descriptors + page;
        if (descriptor->Index == FreedOrNever)
        {
            _heads[order] = descriptor->Mapping;
        }
        else
        {
            _descriptors[descriptor->Index].Mapping = descriptor->Mapping;
        }

        if (descriptor->Mapping != FreedOrNever)
        {
            _descriptors[descriptor->Mapping].Index = descriptor->Index;
        }

        descriptor->FlagBits = (ulong)PageFlags.Free;
        descriptor->OrderValue = 0;
    }

    private bool IsHead(ulong page, int order)
    {
        PageDescriptor* descriptor = _descriptors + page;
        return (descriptor->FlagBits & (ulong)(PageFlags.Free | PageFlags.Head)) == (ulong)(PageFlags.Free | PageFlags.Head) && descriptor->OrderValue == order;
    }

    /// <summary>Fresh descriptors of a run that was just taken: one reference on the head, tails that know it.</summary>
    private void Prepare(ulong page, int order)
    {
        // SAFETY: the run was unlinked, so that it is the caller's alone.
        PageDescriptor* head = _descriptors + page;
        *head = default;
        if (order > 0)
        {
            head->FlagBits = (ulong)PageFlags.Head;
            head->OrderValue = (byte)order;
            for (uint i = 1; i < 1U << order; i++)
            {
                head[i] = default;
                head[i].FlagBits = (ulong)PageFlags.Tail;
                head[i].HeadDistance = i;
            }
        }

        Volatile.Write(ref head->ReferenceCount, 1);
    }
}
