// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>Keeping within the budget.</content>
internal sealed partial class RegionEngine
{
    /// <summary>Pages that an instruction may need at once: its own two and the four of what it moves. A budget below that would let them push each other out for ever.</summary>
    private const int InstructionPages = 6;

    /// <summary>Pages that leave after a fault at a time: enough to share the price of a look at the clock, and few enough for the next fault not to wait long.</summary>
    private const int InlinePages = 16;

    private readonly uint[] _lately = new uint[InstructionPages];
    private int _latest;
    private readonly Lock _budgetLock = new();
    private long _ceiling;

    /// <summary>Pages by which a budget may be exceeded where nothing can leave: everything is leased, or cannot be written back.</summary>
    private long Reserve => Math.Max(16, _budget.Limit / 8);

    /// <summary>Whether there are as many pages as there may be where nothing can leave: the budget and its reserve, or, while a budget shrinks, what there was and the reserve.</summary>
    private bool IsFull => _budget.Used >= Math.Max(_budget.Limit + Reserve, Volatile.Read(ref _ceiling));

    /// <summary>What is there by now may stay until the host gets round to it: nobody is refused a page for it. To be called before the budget is less.</summary>
    private void LiftCeiling() => Volatile.Write(ref _ceiling, _budget.Used + Reserve);

    private void SetLimit(long pages)
    {
        lock (_budgetLock)
        {
            LiftCeiling();
            _budget.Limit = pages;
            _control.Budget = pages;
        }
    }

    /// <summary>Once there is no more than there may be, the budget counts alone; unless it has become less meanwhile.</summary>
    private void LowerCeiling()
    {
        if (Volatile.Read(ref _ceiling) == 0)
        {
            return;
        }

        lock (_budgetLock)
        {
            if (_budget.Used <= _budget.Limit)
            {
                Volatile.Write(ref _ceiling, 0);
            }
        }
    }

    /// <summary>Counts pages in, after making room where there is none.</summary>
    /// <returns>How many there is room for; 0: none, and nothing can leave.</returns>
    private int MakeRoom(ulong page, int count, FaultKind kind, FaultLane lane)
    {
        long granted = _budget.Take(count);
        if (granted != 0)
        {
            return (int)granted;
        }

        if (_budget.Limit < InstructionPages && _budget.Used < InstructionPages && LeftLately(page))
        {
            _control.Count(RegionCounter.Overcommits);
            _budget.Force(1);
            return 1;
        }

        for (int tries = 0; tries < 3; tries++)
        {
            long left = Evict(Math.Clamp(count, (int)Math.Clamp(_budget.Limit / 8, 1, 32), FaultLane.MostVictims), lane);
            if (left == 0 && _budget.Free <= 0)
            {
                lane.IsElsewhere = true;
                left = _host.EvictElsewhere(this, lane);
                lane.IsElsewhere = false;
            }

            granted = _budget.Take(count);
            if (granted != 0)
            {
                return (int)granted;
            }

            if (left == 0 && kind == FaultKind.Ahead)
            {
                return 0;
            }
        }

        if (kind == FaultKind.Ahead || IsFull)
        {
            return 0;
        }

        _control.Count(RegionCounter.Overcommits);
        _budget.Force(1);
        return 1;
    }

    /// <summary>Makes room for the next pages after a fault was answered. Where the store answers at once, this thread takes out a few itself: it has the processor on which the application's page tables were
    /// last in use, and another that takes pages out has to interrupt it for each. Others are called only where that is not enough.</summary>
    private void MakeRoomAhead(FaultLane lane)
    {
        // Never where a budget is so small that what has just come in would leave again before it was touched.
        bool isInline = !_store.IsBlocking && LowWater >= InlinePages;
        if (isInline)
        {
            _ = Evict(InlinePages, lane);
            ServePending(lane);
        }

        if (!isInline || _budget.Free < LowWater / 2)
        {
            _host.RunShort(this);
        }
    }

    /// <summary>Tells the application how many pages there are. Whoever writes last has looked after writing.</summary>
    private void ShowResident()
    {
        long used;
        do
        {
            used = _budget.Used;
            Volatile.Write(ref _control.Resident, used);
        }
        while (_budget.Used != used);
    }

    private bool LeftLately(ulong page)
    {
        foreach (uint left in _lately)
        {
            if (left == (uint)page + 1)
            {
                return true;
            }
        }

        return false;
    }

    private void NoteLeft(uint page) => _lately[(uint)Interlocked.Increment(ref _latest) % InstructionPages] = page + 1;
}
