// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Gpu.Compute;

/// <summary>The compute engine: one command at a time, in pieces of a page at most that several lanes work on at once.</summary>
internal sealed partial class GpuComputeEngine
{
    private const int EventFetch = GpuEvent.FirstCompute;
    private const int EventBegin = EventFetch + 1;
    private const int EventEnd = EventFetch + 2;
    private const int EventTranslate = EventFetch + 3;
    private const int EventGather = EventFetch + 4;
    private const int EventScatter = EventFetch + 5;
    private const int EventDone = EventFetch + 6;
    private const int LaneBits = 8;

    private readonly GpuDevice _device;
    private readonly ComputeLane[] _lanes;
    private ulong _epoch;
    private bool _isBusy;
    private uint _posted;
    private uint _done;
    private GpuComputeCommand _command;
    private int _width;
    private ulong _cursor;
    private ulong _unitsDone;
    private ulong _result;
    private bool _isEnding;
    private GpuComputeStatus _status;
    private BusStatus _busStatus;
    private ulong _failedAt;
    private ulong _progress;
    private SimTime _memoryFree;

    public GpuComputeEngine(GpuDevice device, int lanes)
    {
        _device = device;
        _lanes = new ComputeLane[lanes];
        for (int i = 0; i < lanes; i++)
        {
            _lanes[i] = new(i);
        }
    }

    private SparseMemory Memory => _device.Memory;

    private IDeviceBus Bus => _device.Link;

    public void OnEvent(int kind, ulong argument)
    {
        if (argument >> LaneBits != _epoch || !IsWorking)
        {
            return;
        }

        ComputeLane lane = _lanes[(int)(argument & ((1 << LaneBits) - 1))];
        switch (kind)
        {
            case EventFetch:
                Fetch();
                break;
            case EventBegin:
                Begin();
                break;
            case EventEnd:
                WriteCompletion();
                break;
            case EventTranslate:
                Translate(lane);
                break;
            case EventGather:
                Gather(lane);
                break;
            case EventScatter:
                Scatter(lane, Bus.Now);
                break;
            case EventDone:
                Finish(lane);
                break;
        }
    }

    private void Schedule(SimTime when, int kind, int lane = 0) => Bus.ScheduleAt(SimTime.Max(when, Bus.Now), kind, (_epoch << LaneBits) | (uint)lane);

    private void Next(SimTime when)
    {
        if (!_isBusy && _done != _posted)
        {
            _isBusy = true;
            Schedule(when, EventFetch);
        }
    }

    private void Fetch()
    {
        Span<byte> bytes = stackalloc byte[GpuComputeRegisters.CommandSize];
        ulong slot = _done & ((1U << (int)_ringLog2) - 1);
        BusCompletion fetch = Bus.Read(new DmaAddress(_commandRing + (slot * GpuComputeRegisters.CommandSize)), bytes, Traffic.Control);
        if (!fetch.IsSuccess)
        {
            _isFatal = true;
            return;
        }

        _command = GpuComputeCommand.Read(bytes);
        _cursor = 0;
        _unitsDone = 0;
        _result = 0;
        _isEnding = false;
        _busStatus = BusStatus.Success;
        _failedAt = 0;
        _status = Judge(_command);
        _isResultDue = _command.Opcode is GpuComputeOpcode.ReduceSum or GpuComputeOpcode.ReduceXor;
        _next = _command.Address;
        _width = _command.Lanes == 0 ? _lanes.Length : Math.Min(_command.Lanes, _lanes.Length);
        Schedule(fetch.FinishedAt.Add(_device.Options.CommandDelay), EventBegin);
    }

    private void Begin()
    {
        if (_status == GpuComputeStatus.Success && _command.Opcode == GpuComputeOpcode.WalkList)
        {
            JudgeNext();
        }

        for (int i = 0; i < _width; i++)
        {
            Deal(_lanes[i]);
        }

        Settle();
    }

    /// <summary>Ends the command once it failed or has no piece left, and no lane is under way. What stands still at a fault is given up with a failed command.</summary>
    private void Settle()
    {
        if (_isEnding)
        {
            return;
        }

        foreach (ComputeLane lane in _lanes)
        {
            if (lane.IsUnderWay || lane.State == LaneState.Waiting || (lane.State == LaneState.Stalled && _status == GpuComputeStatus.Success))
            {
                return;
            }
        }

        foreach (ComputeLane lane in _lanes)
        {
            lane.Clear();
        }

        _isEnding = true;
        Schedule(Bus.Now, EventEnd);
    }

    private void Fail(GpuComputeStatus status, ulong address, BusStatus busStatus = BusStatus.Success)
    {
        if (_status == GpuComputeStatus.Success)
        {
            _status = status;
            _failedAt = address;
            _busStatus = busStatus;
        }
    }

    private void WriteCompletion()
    {
        Span<byte> bytes = stackalloc byte[GpuComputeRegisters.CompletionSize];
        uint phase = GpuCompletion.PhaseOf(_done, (int)_ringLog2);
        new GpuComputeCompletion(_done, _status, (ushort)_busStatus, phase, _result, _failedAt, _unitsDone).Write(bytes);
        ulong slot = _done & ((1U << (int)_ringLog2) - 1);
        BusCompletion write = Bus.Write(new DmaAddress(_completionRing + (slot * GpuComputeRegisters.CompletionSize)), bytes, Traffic.Control);
        if (!write.IsSuccess)
        {
            _isFatal = true;
            return;
        }

        _done++;
        _isBusy = false;
        Bus.RaiseInterrupt(GpuComputeRegisters.Vector);
        Next(write.FinishedAt);
    }
}
