// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Compute;

/// <content>The engine's registers.</content>
internal sealed partial class GpuComputeEngine
{
    private bool _isEnabled;
    private bool _isFatal;
    private ulong _commandRing;
    private ulong _completionRing;
    private uint _ringLog2;

    private bool IsWorking => _isEnabled && !_isFatal;

    public void Reset()
    {
        Stop();
        _commandRing = 0;
        _completionRing = 0;
        _ringLog2 = 0;
        _progress = 0;
    }

    public ulong ReadWord(ulong offset) => offset switch
    {
        GpuComputeRegisters.Control => (_isEnabled ? GpuComputeRegisters.ControlEnable : 0UL) | ((ulong)ReadStatus() << 32),
        GpuComputeRegisters.CommandRing => _commandRing,
        GpuComputeRegisters.CompletionRing => _completionRing,
        GpuComputeRegisters.RingLog2 => _ringLog2,
        GpuComputeRegisters.Doorbell => (ulong)_lanes.Length << 32,
        GpuComputeRegisters.Progress => _progress,
        _ => 0,
    };

    public void Write32(ulong offset, uint value)
    {
        switch (offset & ~4UL)
        {
            case GpuComputeRegisters.Control when (offset & 4) == 0:
                WriteControl((value & GpuComputeRegisters.ControlEnable) != 0);
                break;
            case GpuComputeRegisters.CommandRing when !_isEnabled:
                Register.Set(ref _commandRing, offset, value);
                break;
            case GpuComputeRegisters.CompletionRing when !_isEnabled:
                Register.Set(ref _completionRing, offset, value);
                break;
            case GpuComputeRegisters.RingLog2 when !_isEnabled && (offset & 4) == 0:
                _ringLog2 = value;
                break;
            case GpuComputeRegisters.Doorbell when IsWorking && (offset & 4) == 0:
                RingDoorbell(value);
                break;
        }
    }

    private uint ReadStatus() =>
        (IsWorking ? GpuComputeRegisters.StatusReady : 0) | (_isFatal ? GpuComputeRegisters.StatusFatal : 0) | (IsStalled() ? GpuComputeRegisters.StatusStalled : 0);

    private bool IsStalled()
    {
        bool stalled = false;
        foreach (ComputeLane lane in _lanes)
        {
            if (lane.State is not (LaneState.Idle or LaneState.Stalled))
            {
                return false;
            }

            stalled |= lane.State == LaneState.Stalled;
        }

        return stalled;
    }

    private void WriteControl(bool enable)
    {
        if (!enable)
        {
            Stop();
        }
        else if (!_isEnabled)
        {
            _isEnabled = true;
            _isFatal = _ringLog2 > GpuRegisters.MaxRingLog2
                || !IsRing(_commandRing, GpuComputeRegisters.CommandSize) || !IsRing(_completionRing, GpuComputeRegisters.CompletionSize);
        }
    }

    private bool IsRing(ulong address, int entrySize) =>
        address % 64 == 0 && new DmaAddress(address).TryAdd((ulong)entrySize << (int)_ringLog2, out _);

    private void RingDoorbell(uint posted)
    {
        uint room = (1U << (int)_ringLog2) - (_posted - _done);
        if (posted - _posted > room)
        {
            // What was under way is forgotten, so that no invalidation waits for it.
            Stop();
            _isEnabled = true;
            _isFatal = true;
            return;
        }

        _posted = posted;
        Next(Bus.Now);
    }

    private void Stop()
    {
        _isEnabled = false;
        _isFatal = false;
        _isBusy = false;
        _isEnding = false;
        _posted = 0;
        _done = 0;
        _epoch++;
        foreach (ComputeLane lane in _lanes)
        {
            lane.Clear();
        }
    }
}
