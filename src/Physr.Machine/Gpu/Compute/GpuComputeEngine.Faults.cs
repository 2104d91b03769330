// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Mmu;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Compute;

/// <content>Translation of a lane's piece, what happens where there is none, and who waits for old translations.</content>
internal sealed partial class GpuComputeEngine
{
    /// <summary>The first invalidation that an access under way holds up; the highest number where there is none.</summary>
    public ulong FirstAwaiting()
    {
        ulong first = ulong.MaxValue;
        foreach (ComputeLane lane in _lanes)
        {
            first = lane.AwaitedBy != 0 ? Math.Min(first, lane.AwaitedBy) : first;
        }

        return first;
    }

    /// <summary>Makes an invalidation wait for the accesses that have a translation of the range.</summary>
    public void Await(int context, ulong first, ulong last, ulong invalidation)
    {
        if (context != _command.Context)
        {
            return;
        }

        foreach (ComputeLane lane in _lanes)
        {
            if (lane.IsUnderWay && lane.AwaitedBy == 0 && (lane.First.Touches(first, last) || lane.Second.Touches(first, last)))
            {
                lane.AwaitedBy = invalidation;
            }
        }
    }

    /// <summary>Lets all that stands still try again.</summary>
    public void Replay()
    {
        foreach (ComputeLane lane in _lanes)
        {
            if (lane.State == LaneState.Stalled)
            {
                lane.State = LaneState.Waiting;
                Schedule(Bus.Now, EventTranslate, lane.Index);
            }
        }
    }

    /// <summary>Gives up what stands still at a page.</summary>
    public void Cancel(uint context, ulong address)
    {
        if (context != _command.Context)
        {
            return;
        }

        bool any = false;
        foreach (ComputeLane lane in _lanes)
        {
            bool isFirst = lane.First.FaultsAt(address);
            if (lane.State == LaneState.Stalled && (isFirst || lane.Second.FaultsAt(address)))
            {
                Fail(GpuComputeStatus.FaultCancelled, isFirst ? lane.First.Address : lane.Second.Address);
                any = true;
            }
        }

        if (any)
        {
            Settle();
        }
    }

    private void Translate(ComputeLane lane)
    {
        lane.State = LaneState.Waiting;
        if (_status != GpuComputeStatus.Success)
        {
            Drop(lane);
            return;
        }

        int steps = 0;
        bool goes = TryTranslate(lane, ref lane.First, ref steps);
        goes &= lane.Second.Length == 0 || TryTranslate(lane, ref lane.Second, ref steps);
        if (_status != GpuComputeStatus.Success)
        {
            Drop(lane);
        }
        else if (goes)
        {
            lane.State = LaneState.Translated;
            Schedule(Bus.Now.Add(new((ulong)steps * _device.Options.WalkStep.Picoseconds)), EventGather, lane.Index);
        }
        else
        {
            lane.State = LaneState.Stalled;
        }
    }

    /// <summary>False where it faults, which is told to the host, or fails, which ends the command.</summary>
    private bool TryTranslate(ComputeLane lane, ref LanePart part, ref int steps)
    {
        GpuTranslateStatus status = _device.Mmu.Translate(_command.Context, part.Address, part.Access, out part.Target, out int read);
        steps += read;
        part.Faulted = false;
        switch (status)
        {
            case GpuTranslateStatus.Success:
                return true;
            case GpuTranslateStatus.NoContext:
                Fail(GpuComputeStatus.NoContext, part.Address);
                return false;
            case GpuTranslateStatus.BadPageTable:
                Fail(GpuComputeStatus.BadPageTable, part.Address);
                return false;
        }

        part.Faulted = true;
        GpuFaultReason reason = status switch
        {
            GpuTranslateStatus.NotPresent => GpuFaultReason.NotPresent,
            GpuTranslateStatus.WriteProtected => GpuFaultReason.WriteProtected,
            _ => GpuFaultReason.AtomicDenied,
        };
        if (!_device.Faults.Report(_command.Context, part.Address, part.Access, reason, lane.Index))
        {
            Fail(GpuComputeStatus.UnreportedFault, part.Address);
        }

        return false;
    }

    private void Drop(ComputeLane lane)
    {
        lane.Clear();
        Settle();
    }
}
