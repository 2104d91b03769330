// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <content>Letting go of pages.</content>
public sealed partial class AddressSpace
{
    /// <summary>Lets go of pages that <see cref="TryPin(VirtualAddress, ulong, PinFlags, RangeListBuilder)"/> held, in any division.</summary>
    /// <param name="frames">Whole pages.</param>
    /// <param name="isDirty">Whether they may have been written.</param>
    /// <param name="isReference">Whether they were held by <see cref="PinFlags.ReferenceOnly"/>.</param>
    public void Release(RangeList frames, bool isDirty = false, bool isReference = false)
    {
        ArgumentNullException.ThrowIfNull(frames);
        foreach (ProvidedRange entry in frames)
        {
            Release(entry.Range, isDirty, isReference);
        }
    }

    /// <summary>Lets go of one run of pages.</summary>
    public void Release(PhysicalRange frames, bool isDirty, bool isReference = false)
    {
        ulong frame = frames.Start.Frame.Value;
        long unpinned = 0;
        ulong end = frame + (frames.Length >> PageSize.Shift4K);
        while (frame < end)
        {
            Page page = Memory.PageOf(new(frame));
            Page head = page.Head;
            int count = (int)Math.Min(end - frame, (ulong)head.Pages - (frame - head.Key.Value));
            frame += (ulong)count;
            if (head.Has(PageFlags.Reserved))
            {
                // The pages of zeros are everybody's, and nobody counts them.
                continue;
            }

            if (isDirty)
            {
                head.Set(PageFlags.Dirty);
            }

            if (isReference)
            {
                Memory.Put(head, count);
            }
            else
            {
                Memory.Unpin(head, count);
                unpinned += count;
            }
        }

        Memory.CountPins(-unpinned);
        Interlocked.Add(ref _pinnedPages, -unpinned);
    }

    private void UndoPins(ulong start, ulong end, PinFlags flags, ref PinRun run)
    {
        // The list may hold what was there before: only the pages of this call are let go, from its end.
        ulong pages = (end - start) >> PageSize.Shift4K;
        RangeList all = run.Frames.Build();
        ulong skip = all.Length - (pages << PageSize.Shift4K);
        if (skip != 0)
        {
            run.Frames.Append(all.View(0, skip));
        }

        foreach (ProvidedRange entry in all.Slice(skip, pages << PageSize.Shift4K))
        {
            Release(entry.Range, isDirty: false, (flags & PinFlags.ReferenceOnly) != PinFlags.None);
        }
    }
}
