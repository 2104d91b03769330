// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>What leases ask, through the words of their pages and a doorbell that says where to look.</content>
internal sealed partial class RegionEngine
{
    /// <summary>Words of one request that are looked at before others have their turn.</summary>
    private const ulong WordsAtOnce = 1 << 16;

    /// <summary>Serves all requests that wait.</summary>
    public void OnRequests(FaultLane lane)
    {
        for (int slot = 0; _control.TryTake(ref slot, out ulong first, out uint count, out bool isAhead);)
        {
            if (isAhead)
            {
                Ahead(first, count, lane);
            }
            else
            {
                ServeRequest(first, Math.Min(count, WordsAtOnce), lane);
            }

            _control.Answer(slot - 1);
            if (!isAhead && count > WordsAtOnce && _control.TryRing(first + WordsAtOnce, count - (uint)WordsAtOnce, isAhead: false))
            {
                // Where there is no doorbell for the rest, whoever waits rings again.
                _host.Ring(this);
            }
        }

        ServePending(lane);
        if (IsShort)
        {
            _host.RunShort(this);
        }
    }

    /// <summary>Serves the pages of a range of which a client says that leases wait for them. Words that nobody has written to are passed over: reading them would take memory for them.</summary>
    private void ServeRequest(ulong first, ulong count, FaultLane lane)
    {
        for (ulong from = first, end = first + count; from < end;)
        {
            ulong stop = Math.Min(end, ControlBlock.NextBlock(from));
            if (_control.IsTouched(from))
            {
                ServeWanted(from, stop - from, lane);
            }

            from = stop;
        }
    }

    /// <summary>Serves the pages of a range that leases wait for.</summary>
    public void ServeWanted(ulong first, ulong count, FaultLane lane)
    {
        ulong end = Math.Min(first + count, Pages);
        for (ulong page = first; page < end && !_isGone;)
        {
            uint word = Volatile.Read(ref _control.Word(page));
            if (!PageWord.IsWanted(word))
            {
                page++;
                continue;
            }

            long start = Stopwatch.GetTimestamp();
            int served = (word & PageWord.Filled) != 0 && (word & PageWord.WantWrite) != 0 ? AllowWrite(page, mayMap: true, lane)
                : Bring(page, (word & PageWord.WantWrite) != 0, FaultKind.Lease, lane);
            if (served > 0)
            {
                Served(FaultKind.Lease, page, served, start);
            }

            page += (ulong)Math.Max(served, 1);
        }
    }
}
