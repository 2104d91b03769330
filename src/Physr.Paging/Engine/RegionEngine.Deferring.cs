// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>Filling from a store that answers later, and room that another thread makes.</content>
internal sealed partial class RegionEngine
{
    private volatile bool _isAwaited;
    private volatile bool _isStuck;

    /// <summary>Lets go of owned pages that are not to be read.</summary>
    public void LetGoOf(ulong page, int count, FaultLane lane) => LetGo(page, count, lane);

    /// <summary>Says that owned pages wait for room. Whether none can be made is found out anew: what could not leave before may have been let go of.</summary>
    public void WaitForRoom()
    {
        _isStuck = false;
        _isAwaited = true;
        _host.RunShort(this);
    }

    /// <summary>Counts pages in, if there is room; another thread makes it.</summary>
    /// <param name="page">The first page.</param>
    /// <param name="count">How many.</param>
    /// <param name="kind">Why they come.</param>
    /// <param name="hasWaited">Whether room was asked for before: only then it can be that none can be made.</param>
    /// <param name="lane">This thread's.</param>
    /// <returns>How many there is room for; 0: wait; -1: there will be none, and the first page has been given up.</returns>
    public int TakeRoom(ulong page, int count, FaultKind kind, bool hasWaited, FaultLane lane)
    {
        long granted = _budget.Take(count);
        if (granted != 0)
        {
            return (int)granted;
        }

        bool isNeeded = _budget.Limit < InstructionPages && _budget.Used < InstructionPages && LeftLately(page);
        if (!isNeeded && !(hasWaited && _isStuck))
        {
            WaitForRoom();
            return 0;
        }

        if (isNeeded || (kind != FaultKind.Ahead && !IsFull))
        {
            _control.Count(RegionCounter.Overcommits);
            _budget.Force(1);
            return 1;
        }

        LetGo(page + 1, count - 1, lane);
        RefuseRoom(page, kind, lane);
        return -1;
    }

    /// <summary>A read has ended.</summary>
    public void CompleteRead(ulong page, int count, bool isWritable, FaultKind kind, long start, nint source, Errno errno, FaultLane lane)
    {
        int pages = Finish(page, count, isWritable, kind, source, errno, lane);
        if (pages <= 0)
        {
            return;
        }

        if (kind is FaultKind.Missing or FaultKind.Minor)
        {
            _control.Count(RegionCounter.MissingFaults);
        }

        Served(kind, page, pages, start);
        if (IsShort)
        {
            _host.RunShort(this);
        }
    }
}
