// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Paging.Control;
using Physr.Paging.Engine;

namespace Physr.Paging.Orders.Tests;

/// <content>What a pager is asked to do, and is asked again where it died over it.</content>
internal sealed partial class Client
{
    /// <summary>Has changed pages written back.</summary>
    public void Persist()
    {
        ulong[] before = world.Shadow.Copy();
        Ask((engine, lane) => Check(before, PersistAll(engine, lane)));
    }

    /// <summary>As a mover does: comes back to a page that another owns.</summary>
    private static Errno PersistAll(RegionEngine engine, FaultLane lane)
    {
        PersistRequest request = new(0, engine.Pages);
        while (!engine.Persist(request, lane))
        {
            SchedulePoint.Current!.Block("owner");
        }

        return request.Errno;
    }

    /// <summary>Has pages taken out, those under the clock's hand.</summary>
    public void Evict(int most) => Ask((engine, lane) =>
    {
        _ = engine.Evict(most, lane);
        engine.ServePending(lane);
    });

    /// <summary>Has pages of a range taken out.</summary>
    public void EvictRange(int first, int count) => Ask((engine, lane) => engine.EvictRange((ulong)first, (ulong)count, lane));

    /// <summary>Has as many pages taken out as there are too many.</summary>
    public void EvictAhead() => Ask(static (engine, lane) => engine.EvictAhead(lane));

    /// <summary>Has pages brought in that nobody waits for.</summary>
    public void BringAhead(int first, int count) => Ask((engine, lane) => engine.BringAhead((ulong)first, (uint)count, lane));

    /// <summary>Has the budget changed.</summary>
    public void SetBudget(long pages) => Ask((engine, lane) =>
    {
        engine.SetBudget(pages);
        engine.EvictAhead(lane);
    });

    /// <summary>Kills the pager, and has another take over.</summary>
    public void KillPager()
    {
        SchedulePoint.Reach("kill");
        world.Kill();
        _ = world.TryAsPager(lane, pager =>
        {
            pager.Engine.Recover(lane);
            pager.IsServing = true;
        });
    }

    private void Ask(Action<RegionEngine, FaultLane> work)
    {
        bool isDone = false;
        while (!isDone)
        {
            if (!world.Pager.IsServing)
            {
                SchedulePoint.Current!.Block("a pager");
            }
            else if (world.Options.HasMover && !world.IsDone)
            {
                isDone = TryPost(new(work));
            }
            else
            {
                isDone = world.TryAsPager(lane, pager => work(pager.Engine, lane));
            }
        }
    }

    /// <summary>What was written before is durable.</summary>
    private void Check(ulong[] before, Errno errno)
    {
        // A pager waits for the owner of a page for a second, which may pass where the machine is busy; one that would wait for ever is a deadlock here.
        Assert.True(errno is Errno.None or Errno.ETIMEDOUT || world.MayFailToPersist, $"nothing has failed, and pages could not be written back ({errno})");
        for (int page = 0; page < before.Length && errno == Errno.None; page++)
        {
            if ((world.Control.Word((ulong)page) & PageWord.Poisoned) != 0 || world.Kernel.IsDiscarded(page))
            {
                continue; // it was lost, and whoever touches it hears of it
            }

            ulong durable = world.Medium.Durable(page);
            bool isDurable = durable >= before[page] && durable <= world.Shadow[page];

            // A write that fails, of somebody else and later, may leave half a page.
            Assert.True(isDurable || (world.MayFailToPersist && durable == PageContent.Torn), $"page {page} was {before[page]:x} before it was persisted, is {world.Shadow[page]:x}, and {durable:x} is durable");
        }
    }

    private bool TryPost(Job job)
    {
        SchedulePoint.Reach("ask the mover");
        PagerProcess pager = world.Pager;
        pager.Jobs.Enqueue(job);
        while (!job.IsDone && world.Pager == pager)
        {
            SchedulePoint.Current!.Block("the mover");
        }

        return job.IsDone;
    }
}
