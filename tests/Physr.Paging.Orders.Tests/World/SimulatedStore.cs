// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Paging.Control;
using Physr.Paging.Stores;

namespace Physr.Paging.Orders.Tests;

/// <summary>A pager's store on a <see cref="Medium"/>: a page is read in one step, and written in two.</summary>
internal sealed class SimulatedStore(Medium medium, int runPages, bool isSlow) : PageStore((ulong)medium.Pages * ControlLayout.PageBytes)
{
    public override string Name => "simulated store";

    public override int RunPages => runPages;

    public override bool IsBlocking => isSlow;

    /// <summary>The way to it that was made last.</summary>
    public SimulatedLane? LastLane { get; private set; }

    public override bool TryGetAddress(ulong offset, out nint address)
    {
        bool isMapped = medium.IsMapped && !isSlow;
        address = isMapped ? medium.Address(Page(offset)) : 0;
        return isMapped;
    }

    public override Errno Read(ulong offset, nint destination, nuint length)
    {
        for (int index = 0; index < Count(length); index++)
        {
            int page = Page(offset) + index;
            SchedulePoint.Reach(Points.ReadStore[page]);
            if (medium.FailingReads[page] > 0)
            {
                medium.FailingReads[page]--;
                return Failed(Errno.EIO, $"page {page} could not be read");
            }

            PageContent.Poke(destination + (index * ControlLayout.PageBytes), medium.Bytes(page));
        }

        return Errno.None;
    }

    public override Errno Write(ulong offset, nint source, nuint length)
    {
        for (int index = 0; index < Count(length); index++)
        {
            int page = Page(offset) + index;
            SchedulePoint.Reach(Points.WriteStore[page]);
            medium.Begin(page);
            SchedulePoint.Reach(Points.WrittenStore[page]);
            medium.End(page, PageContent.Peek(source + (index * ControlLayout.PageBytes)));
            if (medium.FailingWrites[page] > 0)
            {
                medium.FailingWrites[page]--;
                medium.End(page, PageContent.Torn);
                return Failed(Errno.ENOSPC, $"page {page} could not be written");
            }
        }

        return Errno.None;
    }

    public override Errno TryCreateLane(int depth, out IStoreLane? lane, out string reason)
    {
        lane = LastLane = new(medium, depth);
        reason = "";
        return Errno.None;
    }

    public override Errno Flush()
    {
        if (medium.FailingFlushes > 0)
        {
            medium.FailingFlushes--;
            return Failed(Errno.EIO, "the store could not be flushed");
        }

        medium.Flush();
        return Errno.None;
    }

    protected override void Dispose(bool disposing)
    {
    }

    private static int Page(ulong offset) => (int)(offset >> ControlLayout.PageShift);

    private static int Count(nuint length) => (int)(length >> ControlLayout.PageShift);
}
