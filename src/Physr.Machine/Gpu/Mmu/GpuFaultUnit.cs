// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Mmu;

/// <summary>Tells the host of faults on a ring in its memory, and takes its answers: replay or cancel.</summary>
internal sealed class GpuFaultUnit(GpuDevice device)
{
    private bool _isEnabled;
    private bool _isFatal;
    private bool _hasOverflowed;
    private ulong _ring;
    private uint _log2;
    private uint _put;
    private uint _get;
    private ulong _cancelAddress;

    /// <summary>Whether faults can be told.</summary>
    public bool IsReady => _isEnabled && !_isFatal;

    public void Reset()
    {
        _ring = 0;
        _log2 = 0;
        _cancelAddress = 0;
        Enable(false);
    }

    /// <summary>Writes a record, or loses it where the ring is full: the access then waits for the next replay all the same.</summary>
    /// <returns>False where no replay will ever come of it.</returns>
    public bool Report(int context, ulong address, GpuAccess access, GpuFaultReason reason, int lane)
    {
        if (!IsReady)
        {
            return false;
        }

        if (_put - _get == 1U << (int)_log2)
        {
            _hasOverflowed = true;
            return true;
        }

        Span<byte> bytes = stackalloc byte[GpuFaultRecord.Size];
        ulong nanoseconds = device.Link.Now.Picoseconds / 1000;
        new GpuFaultRecord(
            address, (ushort)context, access, reason, GpuFaultEngine.Compute, (byte)lane, _put, GpuCompletion.PhaseOf(_put, (int)_log2), nanoseconds).Write(bytes);
        ulong slot = _put & ((1U << (int)_log2) - 1);
        if (!device.Link.Write(new DmaAddress(_ring + (slot * GpuFaultRecord.Size)), bytes, Traffic.Control).IsSuccess)
        {
            _isFatal = true;
            return false;
        }

        if (_put++ == _get)
        {
            device.Link.RaiseInterrupt(GpuMmuRegisters.Vector);
        }

        return true;
    }

    public ulong ReadWord(ulong offset) => offset switch
    {
        GpuMmuRegisters.FaultRing => _ring,
        GpuMmuRegisters.FaultRingLog2 => _log2 | ((_isEnabled ? (ulong)GpuMmuRegisters.FaultEnable : 0) << 32),
        GpuMmuRegisters.FaultPut => _put | ((ulong)_get << 32),
        GpuMmuRegisters.FaultStatus => ReadStatus(),
        GpuMmuRegisters.CancelAddress => _cancelAddress,
        _ => 0,
    };

    public void Write32(ulong offset, uint value)
    {
        switch (offset)
        {
            case GpuMmuRegisters.FaultRing or GpuMmuRegisters.FaultRing + 4 when !_isEnabled:
                Register.Set(ref _ring, offset, value);
                break;
            case GpuMmuRegisters.FaultRingLog2 when !_isEnabled:
                _log2 = value;
                break;
            case GpuMmuRegisters.FaultControl:
                Enable((value & GpuMmuRegisters.FaultEnable) != 0);

                // What was told of on the old ring no one will answer: it is told of on the new one, or ends.
                device.Compute.Replay();
                break;
            case GpuMmuRegisters.FaultGet when IsReady:
                Take(value);
                break;
            case GpuMmuRegisters.Replay:
                _hasOverflowed = false;
                device.Compute.Replay();
                break;
            case GpuMmuRegisters.CancelAddress or GpuMmuRegisters.CancelAddress + 4:
                Register.Set(ref _cancelAddress, offset, value);
                break;
            case GpuMmuRegisters.Cancel:
                device.Compute.Cancel(value, _cancelAddress);
                break;
        }
    }

    private uint ReadStatus() =>
        (IsReady ? GpuMmuRegisters.FaultReady : 0) | (_hasOverflowed ? GpuMmuRegisters.FaultOverflow : 0) | (_isFatal ? GpuMmuRegisters.FaultFatal : 0);

    private void Take(uint get)
    {
        if (get - _get > _put - _get)
        {
            _isFatal = true;
            device.Compute.Replay();
            return;
        }

        _get = get;
        if (_get != _put)
        {
            device.Link.RaiseInterrupt(GpuMmuRegisters.Vector);
        }
    }

    private void Enable(bool enable)
    {
        _put = 0;
        _get = 0;
        _hasOverflowed = false;
        _isEnabled = enable;
        _isFatal = enable && (_log2 > GpuRegisters.MaxRingLog2 || _ring % 64 != 0 || !new DmaAddress(_ring).TryAdd((ulong)GpuFaultRecord.Size << (int)_log2, out _));
    }
}
