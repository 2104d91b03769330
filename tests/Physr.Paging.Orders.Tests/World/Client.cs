// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Paging.Engine;

namespace Physr.Paging.Orders.Tests;

/// <summary>A thread of the application: loads, stores, takes leases.</summary>
/// <param name="world">The region.</param>
/// <param name="lane">For what it does as a thread of the pager.</param>
internal sealed partial class Client(PagingWorld world, FaultLane lane)
{
    /// <summary>A load instruction.</summary>
    /// <returns>False: it ended with SIGBUS.</returns>
    public bool Load(int page) => Touch(page, isWrite: false);

    /// <summary>A store instruction, of a number of its own.</summary>
    /// <returns>False: it ended with SIGBUS.</returns>
    public bool Store(int page) => Touch(page, isWrite: true);

    /// <summary><c>madvise(MADV_DONTNEED)</c>: the page table loses the page, the window keeps it, and nobody is told.</summary>
    public void Unmap(int page)
    {
        SchedulePoint.Reach(Points.DontNeed[page]);
        world.Kernel.DontNeed(page);
    }

    /// <summary><c>madvise(MADV_REMOVE)</c>: the window loses the page, and nobody is told. Bytes that the store does not have by then are lost, and a touch is a SIGBUS; other bytes are never seen.</summary>
    public void Remove(int page)
    {
        Assert.True(world.MayPoison, "a page that is discarded may be an error");
        world.HasDiscarded = true;
        SchedulePoint.Reach(Points.Remove[page]);
        world.Kernel.Remove(page);
    }

    private bool Touch(int page, bool isWrite)
    {
        SimulatedKernel kernel = world.Kernel;
        while (true)
        {
            SchedulePoint.Reach(isWrite ? Points.Store[page] : Points.Load[page]);
            if (kernel.Entry(page) == TableEntry.Poison)
            {
                Assert.True(world.MayPoison, $"page {page} is poisoned, and nothing has failed");
                return false;
            }

            if (kernel.IsTouchable(page, isWrite))
            {
                Do(page, isWrite);
                return true;
            }

            FaultKind kind = kernel.Reason(page);
            if (world.IsHeld(this, page, isWrite) && !kernel.IsUnmapped(page) && !kernel.IsDiscarded(page))
            {
                Assert.Fail($"a thread faulted on page {page} ({kind}) though it has a lease");
            }

            SchedulePoint.Reach(Points.Queue[page]);
            Faulter faulter = kernel.Queue(page, kind, isWrite);
            SchedulePoint.Reach(Points.MustSleep[page]);
            if (kernel.MustSleep(faulter))
            {
                Sleep(Points.Asleep[page], () => faulter.IsWoken);
            }
        }
    }

    private void Do(int page, bool isWrite)
    {
        if (isWrite)
        {
            ulong bytes = world.Shadow.Next(page);
            world.Kernel.Store(page, bytes);
            world.Shadow.Set(page, bytes);
        }
        else
        {
            Assert.Equal(world.Shadow[page], world.Kernel.Bytes(page));
        }
    }

    /// <summary>Sleeps until another wakes this thread. Where nobody else is a handler it is one meanwhile.</summary>
    private void Sleep(string what, Func<bool> isOver)
    {
        while (!isOver())
        {
            if ((!world.Options.HasHandlers || world.IsDone) && world.HasWork)
            {
                _ = world.TryAsPager(lane, pager => pager.Serve(lane));
            }
            else
            {
                SchedulePoint.Current!.Block(what);
            }
        }
    }
}
