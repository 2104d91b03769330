// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu;

/// <content>The registers, and the aperture for those who reach it as if it were registers.</content>
public sealed partial class GpuDevice
{
    private uint _control;
    private ulong _windowLow;
    private bool _isWindowRefused;
    private ulong _commandRing;
    private ulong _completionRing;
    private uint _ringLog2;

    /// <inheritdoc/>
    public override void ReadRegister(int bar, ulong offset, Span<byte> destination)
    {
        destination.Clear();
        if (bar == GpuRegisters.ApertureBar)
        {
            if (IsInAperture(offset, destination.Length))
            {
                Memory.Read(WindowBase + offset, destination);
            }

            return;
        }

        if (bar != GpuRegisters.RegisterBar)
        {
            return;
        }

        if (IsInTableWindow(offset, destination.Length))
        {
            Memory.Read(Mmu.WindowBase + offset - GpuMmuRegisters.TableWindow, destination);
        }
        else
        {
            ReadWords(offset, destination);
        }
    }

    /// <inheritdoc/>
    public override void WriteRegister(int bar, ulong offset, ReadOnlySpan<byte> source)
    {
        if (bar == GpuRegisters.ApertureBar)
        {
            if (IsInAperture(offset, source.Length))
            {
                Memory.Write(WindowBase + offset, source);
            }

            return;
        }

        if (bar != GpuRegisters.RegisterBar)
        {
            return;
        }

        if (IsInTableWindow(offset, source.Length))
        {
            Memory.Write(Mmu.WindowBase + offset - GpuMmuRegisters.TableWindow, source);
        }
        else
        {
            WriteWords(offset, source);
        }
    }

    private static bool IsInTableWindow(ulong offset, int length) =>
        offset >= GpuMmuRegisters.TableWindow && offset - GpuMmuRegisters.TableWindow <= GpuPageEntry.TableSize
        && (ulong)length <= GpuPageEntry.TableSize - (offset - GpuMmuRegisters.TableWindow);

    private bool IsInAperture(ulong offset, int length) => offset <= _options.ApertureSize && (ulong)length <= _options.ApertureSize - offset;

    /// <inheritdoc/>
    protected override ulong ReadWord(ulong offset) => offset switch
    {
        GpuRegisters.Version => GpuRegisters.Version11,
        GpuRegisters.Control => _control | ((ulong)ReadStatus() << 32),
        GpuRegisters.MemorySize => _options.MemorySize,
        GpuRegisters.ApertureSize => _options.ApertureSize,
        GpuRegisters.WindowBase => WindowBase,
        GpuRegisters.CommandRing => _commandRing,
        GpuRegisters.CompletionRing => _completionRing,
        GpuRegisters.RingLog2 => _ringLog2,
        >= GpuMmuRegisters.ContextRoots => Mmu.ReadWord(offset),
        >= GpuComputeRegisters.First => Compute.ReadWord(offset),
        >= GpuMmuRegisters.FaultRing and < GpuMmuRegisters.TableWindowBase => Faults.ReadWord(offset),
        >= GpuMmuRegisters.First => Mmu.ReadWord(offset),
        _ => 0,
    };

    private uint ReadStatus() =>
        (IsWorking ? GpuRegisters.StatusReady : 0) | (_isHalted ? GpuRegisters.StatusHalted : 0) | (_isFatal ? GpuRegisters.StatusFatal : 0)
        | (_isWindowRefused ? GpuRegisters.StatusWindowError : 0);

    /// <inheritdoc/>
    protected override void Write32(ulong offset, uint value)
    {
        switch (offset)
        {
            case GpuRegisters.Control:
                WriteControl((value & GpuRegisters.ControlEnable) != 0);
                break;
            case GpuRegisters.WindowBase:
                _windowLow = value;
                break;
            case GpuRegisters.WindowBase + 4:
                MoveWindow(_windowLow | ((ulong)value << 32));
                break;
            case GpuRegisters.CommandRing when _control == 0:
                _commandRing = (_commandRing & ~0xFFFF_FFFFUL) | value;
                break;
            case GpuRegisters.CommandRing + 4 when _control == 0:
                _commandRing = (uint)_commandRing | ((ulong)value << 32);
                break;
            case GpuRegisters.CompletionRing when _control == 0:
                _completionRing = (_completionRing & ~0xFFFF_FFFFUL) | value;
                break;
            case GpuRegisters.CompletionRing + 4 when _control == 0:
                _completionRing = (uint)_completionRing | ((ulong)value << 32);
                break;
            case GpuRegisters.RingLog2 when _control == 0:
                _ringLog2 = value;
                break;
            case GpuRegisters.Doorbell when IsWorking:
                RingDoorbell(value);
                break;
            case GpuRegisters.Resume when IsWorking:
                Resume();
                break;
            case >= GpuMmuRegisters.ContextRoots:
                Mmu.Write32(offset, value);
                break;
            case >= GpuComputeRegisters.First:
                Compute.Write32(offset, value);
                break;
            case >= GpuMmuRegisters.FaultRing and < GpuMmuRegisters.TableWindowBase:
                Faults.Write32(offset, value);
                break;
            case >= GpuMmuRegisters.First:
                Mmu.Write32(offset, value);
                break;
        }
    }

    private void MoveWindow(ulong windowBase)
    {
        _isWindowRefused = windowBase % GpuRegisters.WindowAlignment != 0 || windowBase > _options.MemorySize - _options.ApertureSize;
        if (!_isWindowRefused)
        {
            WindowBase = windowBase;
        }
    }

    private void WriteControl(bool enable)
    {
        if (!enable)
        {
            StopEngine();
        }
        else if (_control == 0)
        {
            _control = GpuRegisters.ControlEnable;
            _isFatal = _ringLog2 > GpuRegisters.MaxRingLog2
                || !IsRing(_commandRing, GpuRegisters.CommandSize) || !IsRing(_completionRing, GpuRegisters.CompletionSize);
        }
    }

    private bool IsRing(ulong address, int entrySize) =>
        address % 64 == 0 && new DmaAddress(address).TryAdd((ulong)entrySize << (int)_ringLog2, out _);
}
