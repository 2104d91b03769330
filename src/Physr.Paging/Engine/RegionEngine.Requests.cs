// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>What leases ask, through the words of their pages and a doorbell that says where to look.</content>
internal sealed partial class RegionEngine
{
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
                ServeWanted(first, count, lane);
            }

            _control.Answer(slot - 1);
        }

        ServePending(lane);
        if (IsShort)
        {
            _host.RunShort(this);
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
