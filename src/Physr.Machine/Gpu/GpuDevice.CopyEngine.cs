// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Physr.Machine.Bus;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Gpu;

/// <content>The copy engine: one command at a time, in order. After a failure the rest is aborted, so that no semaphore is released for bytes that did not move.</content>
public sealed partial class GpuDevice
{
    private const int EventFetch = 0;
    private const int EventPiece = 1;
    private const int EventDone = 2;

    private bool _isFatal;
    private bool _isHalted;
    private bool _isBusy;
    private uint _posted;
    private uint _done;

    // Commands posted before a resume that came while they were waiting are still aborted: up to this count.
    private uint _abortedUpTo;
    private ulong _epoch;
    private GpuCommand _command;
    private ulong _moved;
    private GpuCompletionStatus _status;
    private BusStatus _busStatus;

    private bool IsWorking => _control != 0 && !_isFatal;

    /// <inheritdoc/>
    public override void OnEvent(int kind, ulong argument)
    {
        switch (kind)
        {
            case >= GpuEvent.FirstCompute:
                Compute.OnEvent(kind, argument);
                return;
            case >= GpuEvent.FirstMmu:
                Mmu.OnEvent(kind, argument);
                return;
        }

        // Events from before the engine was stopped by its register, which the bus knows nothing of.
        if (argument != _epoch || !IsWorking)
        {
            return;
        }

        switch (kind)
        {
            case EventFetch:
                Fetch();
                break;
            case EventPiece:
                MovePiece();
                break;
            case EventDone:
                WriteCompletion();
                break;
        }
    }

    private void StopEngine()
    {
        _control = 0;
        _isFatal = false;
        _isHalted = false;
        _isBusy = false;
        _posted = 0;
        _done = 0;
        _abortedUpTo = 0;
        _epoch++;
    }

    private void RingDoorbell(uint posted)
    {
        uint room = (1U << (int)_ringLog2) - (_posted - _done);
        if (posted - _posted > room)
        {
            _isFatal = true;
            return;
        }

        _posted = posted;
        Begin(Bus.Now);
    }

    private void Resume()
    {
        if (_isHalted)
        {
            _isHalted = false;
            _abortedUpTo = _posted;
        }
    }

    private void Begin(SimTime when)
    {
        if (!_isBusy && _done != _posted)
        {
            _isBusy = true;
            Bus.ScheduleAt(SimTime.Max(when, Bus.Now), EventFetch, _epoch);
        }
    }

    private void Fetch()
    {
        _moved = 0;
        _busStatus = BusStatus.Success;
        _command = default;
        if (_isHalted || (int)(_abortedUpTo - _done) > 0)
        {
            End(GpuCompletionStatus.Aborted, Bus.Now);
            return;
        }

        Span<byte> bytes = stackalloc byte[GpuRegisters.CommandSize];
        ulong slot = _done & ((1U << (int)_ringLog2) - 1);
        BusCompletion fetch = Bus.Read(new DmaAddress(_commandRing + (slot * GpuRegisters.CommandSize)), bytes, Traffic.Control);
        if (!fetch.IsSuccess)
        {
            EndBus(fetch);
            return;
        }

        _command = GpuCommand.Read(bytes);
        GpuCompletionStatus judged = Judge(_command);
        SimTime begins = fetch.FinishedAt.Add(_options.CommandDelay);
        if (judged != GpuCompletionStatus.Success)
        {
            End(judged, begins);
        }
        else
        {
            Bus.ScheduleAt(begins, EventPiece, _epoch);
        }
    }

    private GpuCompletionStatus Judge(in GpuCommand command) => command.Opcode switch
    {
        GpuOpcode.CopyToBus => Check(IsInMemory(command.Source, command.Length) && IsOnBus(command.Destination, command.Length)),
        GpuOpcode.CopyFromBus => Check(IsOnBus(command.Source, command.Length) && IsInMemory(command.Destination, command.Length)),
        GpuOpcode.CopyWithin => JudgeCopyWithin(command),
        GpuOpcode.Fill => Check(IsInMemory(command.Destination, command.Length)),
        GpuOpcode.ReleaseSemaphore when command.Destination % 8 == 0 => Check(IsOnBus(command.Destination, sizeof(ulong))),
        _ => GpuCompletionStatus.InvalidCommand,
    };

    private GpuCompletionStatus JudgeCopyWithin(in GpuCommand command)
    {
        if (!IsInMemory(command.Source, command.Length) || !IsInMemory(command.Destination, command.Length))
        {
            return GpuCompletionStatus.OutOfRange;
        }

        bool apart = command.Source + command.Length <= command.Destination || command.Destination + command.Length <= command.Source;
        return apart || command.Length == 0 ? GpuCompletionStatus.Success : GpuCompletionStatus.InvalidCommand;
    }

    private static GpuCompletionStatus Check(bool isInRange) => isInRange ? GpuCompletionStatus.Success : GpuCompletionStatus.OutOfRange;

    private bool IsInMemory(ulong offset, ulong length) => offset <= _options.MemorySize && length <= _options.MemorySize - offset;

    private static bool IsOnBus(ulong address, ulong length) => new DmaAddress(address).TryAdd(length, out _);

    private void MovePiece()
    {
        if (_command.Opcode == GpuOpcode.ReleaseSemaphore)
        {
            Span<byte> value = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(value, _command.Value);
            EndBus(Bus.Write(new DmaAddress(_command.Destination), value, Traffic.Control));
            return;
        }

        ulong left = Math.Min((ulong)_options.PieceSize, _command.Length - _moved);
        BusCompletion moved = left == 0 ? new(BusStatus.Success, Bus.Now) : Move(left);
        if (!moved.IsSuccess || _moved == _command.Length)
        {
            EndBus(moved);
        }
        else
        {
            Bus.ScheduleAt(moved.FinishedAt, EventPiece, _epoch);
        }
    }

    /// <summary>Moves up to <paramref name="length"/> bytes, less where the memory's storage is not contiguous.</summary>
    private BusCompletion Move(ulong length)
    {
        switch (_command.Opcode)
        {
            case GpuOpcode.CopyToBus:
            {
                Span<byte> source = Memory.SpanAt(_command.Source + _moved, length);
                DmaAddress destination = new(_command.Destination + _moved);
                _moved += (ulong)source.Length;
                return Bus.Write(destination, source, Traffic.Payload);
            }

            case GpuOpcode.CopyFromBus:
            {
                Span<byte> destination = Memory.SpanAt(_command.Destination + _moved, length);
                DmaAddress source = new(_command.Source + _moved);
                _moved += (ulong)destination.Length;
                return Bus.Read(source, destination, Traffic.Payload);
            }

            case GpuOpcode.CopyWithin:
            {
                Span<byte> source = Memory.SpanAt(_command.Source + _moved, length);
                Memory.Write(_command.Destination + _moved, source);
                return Spend((ulong)source.Length);
            }

            default:
            {
                Span<byte> filled = Memory.SpanAt(_command.Destination + _moved, length);
                Fill(filled, BitOperations.RotateRight(_command.Value, (int)(_moved % 8) * 8));
                return Spend((ulong)filled.Length);
            }
        }
    }

    private BusCompletion Spend(ulong bytes)
    {
        _moved += bytes;
        return new(BusStatus.Success, Bus.Now.Add(SimTime.ForBytes(bytes, _options.MemoryBytesPerSecond)));
    }

    private static void Fill(Span<byte> bytes, ulong value)
    {
        Span<byte> pattern = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(pattern, value);
        int whole = bytes.Length & ~7;
        MemoryMarshal.Cast<byte, ulong>(bytes[..whole]).Fill(BitConverter.ToUInt64(pattern));
        pattern[..(bytes.Length - whole)].CopyTo(bytes[whole..]);
    }

    private void EndBus(BusCompletion completion)
    {
        _busStatus = completion.Status;
        End(completion.IsSuccess ? GpuCompletionStatus.Success : GpuCompletionStatus.BusError, SimTime.Max(completion.FinishedAt, Bus.Now));
    }

    private void End(GpuCompletionStatus status, SimTime when)
    {
        _status = status;
        Bus.ScheduleAt(when, EventDone, _epoch);
    }

    private void WriteCompletion()
    {
        if (_status is not (GpuCompletionStatus.Success or GpuCompletionStatus.Aborted))
        {
            _isHalted = true;
        }

        Span<byte> bytes = stackalloc byte[GpuRegisters.CompletionSize];
        new GpuCompletion(_done, _status, (ushort)_busStatus, GpuCompletion.PhaseOf(_done, (int)_ringLog2)).Write(bytes);
        ulong slot = _done & ((1U << (int)_ringLog2) - 1);
        BusCompletion write = Bus.Write(new DmaAddress(_completionRing + (slot * GpuRegisters.CompletionSize)), bytes, Traffic.Control);
        if (!write.IsSuccess)
        {
            _isFatal = true;
            return;
        }

        _done++;
        _isBusy = false;
        if ((_command.Flags & GpuCommand.FlagInterrupt) != 0 || _status != GpuCompletionStatus.Success)
        {
            Bus.RaiseInterrupt(0);
        }

        Begin(write.FinishedAt);
    }
}
