// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Compute;

/// <content>What a command may ask for, and how it is cut into pieces: none crosses a page, but for a list's node, which may lie in two.</content>
internal sealed partial class GpuComputeEngine
{
    private const ulong VirtualEnd = 1UL << GpuPageEntry.VirtualBits;
    private const ulong WordMask = sizeof(ulong) - 1;

    /// <summary>Bytes of a node before its payload: next and key.</summary>
    private const int NodeHeader = 16;

    // So many atomic steps are one piece, so that others' accesses come between.
    private const ulong AtomicSteps = 64;

    private bool _isResultDue;
    private ulong _next;

    private static GpuComputeStatus Judge(in GpuComputeCommand command)
    {
        switch (command.Opcode)
        {
            case GpuComputeOpcode.Transform or GpuComputeOpcode.Fill:
                return JudgeWords(command);
            case GpuComputeOpcode.ReduceSum or GpuComputeOpcode.ReduceXor:
                GpuComputeStatus words = JudgeWords(command);
                return words != GpuComputeStatus.Success ? words
                    : (command.Other & WordMask) != 0 ? GpuComputeStatus.InvalidCommand
                    : IsVirtual(command.Other, sizeof(ulong)) ? GpuComputeStatus.Success : GpuComputeStatus.OutOfRange;
            case GpuComputeOpcode.Copy:
                return JudgeCopy(command);
            case GpuComputeOpcode.AtomicAdd:
                UInt128 last = command.Length == 0 ? command.Address : command.Address + ((UInt128)(command.Length - 1) * command.Stride) + WordMask;
                return ((command.Address | command.Stride) & WordMask) != 0 ? GpuComputeStatus.InvalidCommand
                    : last < VirtualEnd ? GpuComputeStatus.Success : GpuComputeStatus.OutOfRange;
            case GpuComputeOpcode.WalkList when command.Stride <= GpuComputeRegisters.MaxPayloadWords:
                return GpuComputeStatus.Success;
            default:
                return GpuComputeStatus.InvalidCommand;
        }
    }

    private static GpuComputeStatus JudgeWords(in GpuComputeCommand command) =>
        ((command.Address | command.Length) & WordMask) != 0 ? GpuComputeStatus.InvalidCommand
        : IsVirtual(command.Address, command.Length) ? GpuComputeStatus.Success : GpuComputeStatus.OutOfRange;

    private static GpuComputeStatus JudgeCopy(in GpuComputeCommand command)
    {
        if (!IsVirtual(command.Address, command.Length) || !IsVirtual(command.Other, command.Length))
        {
            return GpuComputeStatus.OutOfRange;
        }

        bool apart = command.Other + command.Length <= command.Address || command.Address + command.Length <= command.Other;
        return apart || command.Length == 0 ? GpuComputeStatus.Success : GpuComputeStatus.InvalidCommand;
    }

    private static bool IsVirtual(ulong address, ulong length) => address <= VirtualEnd && length <= VirtualEnd - address;

    private static ulong LeftInPage(ulong address) => PageSize.Size4K - (address % PageSize.Size4K);

    /// <summary>Gives an idle lane the next piece, and translates it at once.</summary>
    private void Deal(ComputeLane lane)
    {
        lane.Clear();
        if (_status == GpuComputeStatus.Success && TryTake(lane))
        {
            Translate(lane);
        }
    }

    private bool TryTake(ComputeLane lane)
    {
        switch (_command.Opcode)
        {
            case GpuComputeOpcode.WalkList:
                return TryTakeNode(lane);
            case GpuComputeOpcode.AtomicAdd:
                return TryTakeSteps(lane);
        }

        ulong left = _command.Length - _cursor;
        if (left == 0)
        {
            return TryTakeResult(lane);
        }

        ulong address = _command.Address + _cursor;
        ulong length = Math.Min(left, LeftInPage(address));
        if (_command.Opcode == GpuComputeOpcode.Copy)
        {
            ulong source = _command.Other + _cursor;
            length = Math.Min(length, LeftInPage(source));
            lane.First = new() { Address = source, Length = (int)length, Access = GpuAccess.Read, Reads = true };
            lane.Second = new() { Address = address, Length = (int)length, Access = GpuAccess.Write, Writes = true };
        }
        else
        {
            bool writes = _command.Opcode is GpuComputeOpcode.Transform or GpuComputeOpcode.Fill;
            lane.First = new()
            {
                Address = address, Length = (int)length, Access = writes ? GpuAccess.Write : GpuAccess.Read,
                Reads = _command.Opcode != GpuComputeOpcode.Fill, Writes = writes,
            };
        }

        lane.Units = length;
        _cursor += length;
        return true;
    }

    /// <summary>The word that a reduction writes, once all is read.</summary>
    private bool TryTakeResult(ComputeLane lane)
    {
        if (!_isResultDue || _unitsDone != _command.Length)
        {
            return false;
        }

        _isResultDue = false;
        lane.First = new() { Address = _command.Other, Length = sizeof(ulong), Access = GpuAccess.Write, Writes = true };
        lane.Units = 0;
        return true;
    }

    private bool TryTakeSteps(ComputeLane lane)
    {
        ulong left = _command.Length - _cursor;
        if (left == 0)
        {
            return false;
        }

        ulong address = _command.Address + (_cursor * _command.Stride);
        ulong inPage = _command.Stride == 0 ? left : ((LeftInPage(address) - 1) / _command.Stride) + 1;
        ulong steps = Math.Min(Math.Min(left, inPage), AtomicSteps);
        int length = (int)(((steps - 1) * _command.Stride) + sizeof(ulong));
        lane.First = new() { Address = address, Length = length, Access = GpuAccess.Atomic };
        lane.Units = steps;
        _cursor += steps;
        return true;
    }

    /// <summary>One node at a time: where the next one is, only this one says.</summary>
    private bool TryTakeNode(ComputeLane lane)
    {
        if (lane.Index != 0 || _next == 0)
        {
            return false;
        }

        int length = NodeHeader + ((int)_command.Stride * sizeof(ulong));
        int inPage = (int)Math.Min((ulong)length, LeftInPage(_next));
        bool writes = _command.Stride != 0;
        GpuAccess access = writes ? GpuAccess.Write : GpuAccess.Read;
        lane.First = new() { Address = _next, Length = inPage, Access = access, Reads = true, Writes = writes };
        if (inPage < length)
        {
            lane.Second = new() { Address = _next + (ulong)inPage, Offset = inPage, Length = length - inPage, Access = access, Reads = true, Writes = writes };
        }

        lane.Units = 1;
        return true;
    }

    private void JudgeNext()
    {
        if (_next == 0)
        {
            return;
        }

        if ((_next & WordMask) != 0 || !IsVirtual(_next, NodeHeader + (_command.Stride * sizeof(ulong))))
        {
            Fail(GpuComputeStatus.BadPointer, _next);
        }
        else if (_unitsDone == _command.Length)
        {
            Fail(GpuComputeStatus.ListTooLong, _next);
        }
    }
}
