// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Physr.Machine.Bus;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Gpu.Compute;

/// <content>The bytes of a piece: read into the lane's buffer, worked on, written back.</content>
internal sealed partial class GpuComputeEngine
{
    private void Gather(ComputeLane lane)
    {
        if (_command.Opcode == GpuComputeOpcode.AtomicAdd)
        {
            AddAtomically(lane);
            return;
        }

        BusCompletion first = lane.First.Reads ? Read(lane, lane.First) : new(BusStatus.Success, Bus.Now);
        BusCompletion second = first.IsSuccess && lane.Second.Reads ? Read(lane, lane.Second) : first;
        if (!second.IsSuccess)
        {
            Break(lane, first.IsSuccess ? lane.Second.Address : lane.First.Address, second);
            return;
        }

        SimTime read = SimTime.Max(first.FinishedAt, second.FinishedAt);
        bool isFromBus = (lane.First.Reads && lane.First.Target.IsSystem) || (lane.Second.Reads && lane.Second.Target.IsSystem);
        if (isFromBus)
        {
            lane.State = LaneState.Gathered;
            Schedule(read, EventScatter, lane.Index);
        }
        else
        {
            // Within the GPU's memory, nothing comes between reading and writing.
            Scatter(lane, read);
        }
    }

    private void Scatter(ComputeLane lane, SimTime from)
    {
        int begin = Work(lane);
        BusCompletion first = lane.First.Writes ? Write(lane, lane.First, begin) : new(BusStatus.Success, from);
        BusCompletion second = first.IsSuccess && lane.Second.Writes ? Write(lane, lane.Second, begin) : first;
        if (!second.IsSuccess)
        {
            Break(lane, first.IsSuccess ? lane.Second.Address : lane.First.Address, second);
            return;
        }

        lane.State = LaneState.Finishing;
        Schedule(SimTime.Max(from, SimTime.Max(first.FinishedAt, second.FinishedAt)), EventDone, lane.Index);
    }

    private void Finish(ComputeLane lane)
    {
        _unitsDone += lane.Units;
        _progress++;
        if (_command.Opcode == GpuComputeOpcode.WalkList)
        {
            _next = BinaryPrimitives.ReadUInt64LittleEndian(lane.Buffer);
            JudgeNext();
        }

        Deal(lane);
        Settle();
    }

    private void Break(ComputeLane lane, ulong address, BusCompletion completion)
    {
        Fail(GpuComputeStatus.BusError, address, completion.Status);
        lane.State = LaneState.Finishing;
        lane.Units = 0;
        Schedule(completion.FinishedAt, EventDone, lane.Index);
    }

    /// <summary>Works on the buffer; returns its first byte to be written back.</summary>
    private int Work(ComputeLane lane)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(lane.Buffer[..(lane.First.Length & ~(int)WordMask)]);
        switch (_command.Opcode)
        {
            case GpuComputeOpcode.Transform:
                foreach (ref ulong word in words)
                {
                    word = Wire(GpuMix.Mix(Wire(word), _command.Value));
                }

                return 0;
            case GpuComputeOpcode.Fill:
                words.Fill(Wire(_command.Value));
                return 0;
            case GpuComputeOpcode.ReduceSum or GpuComputeOpcode.ReduceXor:
                Reduce(lane, words);
                return 0;
            case GpuComputeOpcode.WalkList:
                WorkOnNode(MemoryMarshal.Cast<byte, ulong>(lane.Buffer[..(lane.First.Length + lane.Second.Length)]));
                return NodeHeader;
            default:
                return 0;
        }
    }

    private void Reduce(ComputeLane lane, Span<ulong> words)
    {
        if (lane.First.Writes)
        {
            words[0] = Wire(_result);
            return;
        }

        foreach (ulong word in words)
        {
            _result = _command.Opcode == GpuComputeOpcode.ReduceSum ? unchecked(_result + Wire(word)) : _result ^ Wire(word);
        }
    }

    private void WorkOnNode(Span<ulong> node)
    {
        ulong key = Wire(node[1]);
        _result = GpuMix.Sum(_result, key);
        foreach (ref ulong word in node[2..])
        {
            ulong mixed = GpuMix.Mix(Wire(word), _command.Value ^ key);
            word = Wire(mixed);
            _result = GpuMix.Sum(_result, mixed);
        }
    }

    /// <summary>Each step reads and writes with nothing in between, on the bus as in memory: what a PCIe FetchAdd does as one transaction is two here.</summary>
    private void AddAtomically(ComputeLane lane)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        SimTime finished = Bus.Now;
        for (ulong step = 0; step < lane.Units; step++)
        {
            LanePart part = lane.First;
            part.Address += step * _command.Stride;
            part.Target = part.Target with { Address = part.Target.Address + (step * _command.Stride) };
            BusCompletion read = Move(part.Target, word, isWrite: false);
            ulong old = BinaryPrimitives.ReadUInt64LittleEndian(word);
            BinaryPrimitives.WriteUInt64LittleEndian(word, unchecked(old + _command.Value));
            BusCompletion write = read.IsSuccess ? Move(part.Target, word, isWrite: true) : read;
            finished = SimTime.Max(finished, SimTime.Max(read.FinishedAt, write.FinishedAt));
            if (!write.IsSuccess)
            {
                _unitsDone += step;
                Break(lane, part.Address, new(write.Status, finished));
                return;
            }

            _result = step == 0 && lane.First.Address == _command.Address && _unitsDone == 0 ? old : _result;
        }

        lane.State = LaneState.Finishing;
        Schedule(finished, EventDone, lane.Index);
    }

    private BusCompletion Read(ComputeLane lane, in LanePart part) => Move(part.Target, lane.Buffer.Slice(part.Offset, part.Length), isWrite: false);

    private BusCompletion Write(ComputeLane lane, in LanePart part, int begin)
    {
        int skip = Math.Clamp(begin - part.Offset, 0, part.Length);
        return Move(part.Target with { Address = part.Target.Address + (ulong)skip }, lane.Buffer.Slice(part.Offset + skip, part.Length - skip), isWrite: true);
    }

    private BusCompletion Move(in Mmu.GpuTranslation target, Span<byte> bytes, bool isWrite)
    {
        if (bytes.IsEmpty)
        {
            return new(BusStatus.Success, Bus.Now);
        }

        if (target.IsSystem)
        {
            return isWrite ? Bus.Write(new DmaAddress(target.Address), bytes, Traffic.Payload) : Bus.Read(new DmaAddress(target.Address), bytes, Traffic.Payload);
        }

        if (isWrite)
        {
            Memory.Write(target.Address, bytes);
        }
        else
        {
            Memory.Read(target.Address, bytes);
        }

        // The lanes share the memory's rate.
        _memoryFree = SimTime.Max(_memoryFree, Bus.Now).Add(SimTime.ForBytes((ulong)bytes.Length, _device.Options.MemoryBytesPerSecond));
        return new(BusStatus.Success, _memoryFree);
    }

    private static ulong Wire(ulong word) => BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
}
