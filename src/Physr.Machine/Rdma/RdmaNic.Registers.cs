// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma;

/// <content>The registers of BAR 0.</content>
public sealed partial class RdmaNic
{
    private uint _control;
    private bool _isFatal;
    private ulong _commandRing;
    private ulong _responseRing;
    private uint _commandRingLog2;

    private bool IsWorking => (_control & RdmaRegisters.ControlEnable) != 0 && !_isFatal;

    /// <inheritdoc/>
    public override void ReadRegister(int bar, ulong offset, Span<byte> destination)
    {
        destination.Clear();
        if (bar == 0)
        {
            ReadWords(offset, destination);
        }
    }

    /// <inheritdoc/>
    public override void WriteRegister(int bar, ulong offset, ReadOnlySpan<byte> source)
    {
        if (bar == 0)
        {
            WriteWords(offset, source);
        }
    }

    /// <inheritdoc/>
    protected override ulong ReadWord(ulong offset) => offset switch
    {
        RdmaRegisters.Version => RdmaRegisters.Version10,
        RdmaRegisters.Control => _control | ((ulong)ReadStatus() << 32),
        RdmaRegisters.CommandRing => _commandRing,
        RdmaRegisters.ResponseRing => _responseRing,
        RdmaRegisters.CommandRingLog2 => _commandRingLog2,
        RdmaRegisters.MaxQueues => (uint)_options.MaxQueues | ((ulong)_options.MaxRegions << 32),
        RdmaRegisters.BlockSizes => RdmaLimits.BlockSizes,
        RdmaRegisters.MaxSendSize => (uint)(_port?.PieceSize ?? 0),
        _ => 0,
    };

    private uint ReadStatus() =>
        (IsWorking ? RdmaRegisters.StatusReady : 0) | (_port is { IsUp: true } ? RdmaRegisters.StatusLinkUp : 0) | (_isFatal ? RdmaRegisters.StatusFatal : 0);

    /// <inheritdoc/>
    protected override void Write32(ulong offset, uint value)
    {
        switch (offset)
        {
            case RdmaRegisters.Control:
                WriteControl(value);
                break;
            case RdmaRegisters.CommandRing when _control == 0:
                _commandRing = (_commandRing & ~0xFFFF_FFFFUL) | value;
                break;
            case RdmaRegisters.CommandRing + 4 when _control == 0:
                _commandRing = (uint)_commandRing | ((ulong)value << 32);
                break;
            case RdmaRegisters.ResponseRing when _control == 0:
                _responseRing = (_responseRing & ~0xFFFF_FFFFUL) | value;
                break;
            case RdmaRegisters.ResponseRing + 4 when _control == 0:
                _responseRing = (uint)_responseRing | ((ulong)value << 32);
                break;
            case RdmaRegisters.CommandRingLog2 when _control == 0:
                _commandRingLog2 = value;
                break;
            case RdmaRegisters.CommandDoorbell when IsWorking:
                RingCommands(value);
                break;
            case >= RdmaRegisters.QueuePairDoorbells and < RdmaRegisters.CompletionQueueDoorbells when IsWorking:
                RingQueuePair(offset - RdmaRegisters.QueuePairDoorbells, value);
                break;
            case >= RdmaRegisters.CompletionQueueDoorbells and < RdmaRegisters.BarSize when IsWorking:
                RingCompletionQueue(offset - RdmaRegisters.CompletionQueueDoorbells, value);
                break;
        }
    }

    private void WriteControl(uint value)
    {
        bool enable = (value & RdmaRegisters.ControlEnable) != 0;
        if (!enable && _control != 0)
        {
            Reset();
        }
        else if (enable && _control == 0)
        {
            _control = RdmaRegisters.ControlEnable;
            _isFatal = _commandRingLog2 > RdmaLimits.MaxCommandRingLog2
                || !IsRing(_commandRing, (int)_commandRingLog2, RdmaLimits.CommandSize)
                || !IsRing(_responseRing, (int)_commandRingLog2, RdmaLimits.ResponseSize);
        }
    }

    private void RingQueuePair(ulong offset, uint value)
    {
        ulong index = offset / 8;
        if (index >= (ulong)_queuePairs.Length || _queuePairs[index] is not { IsLive: true } queuePair)
        {
            return;
        }

        bool isSend = offset % 8 == 0;
        ref WorkRing ring = ref isSend ? ref queuePair.Send : ref queuePair.Receive;
        if (!ring.TryPost(value))
        {
            EnterError(queuePair);
        }
        else if (queuePair.State == RdmaQueuePairState.Error)
        {
            FlushRings(queuePair);
        }
        else if (isSend)
        {
            ScheduleSend(queuePair, Bus.Now);
        }
        else
        {
            Unpark(queuePair);
        }
    }

    private void RingCompletionQueue(ulong offset, uint value)
    {
        ulong index = offset / 8;
        if (index >= (ulong)_completionQueues.Length || !_completionQueues[index].IsLive)
        {
            return;
        }

        CompletionQueue queue = _completionQueues[index];
        if (offset % 8 != 0)
        {
            queue.IsArmed = true;
        }
        else if (value - queue.Consumed <= queue.Produced - queue.Consumed)
        {
            queue.Consumed = value;
        }
        else
        {
            Fail();
        }
    }

    private static bool IsRing(ulong address, int log2, int entrySize) =>
        address % 64 == 0 && new DmaAddress(address).TryAdd((ulong)entrySize << log2, out _);

    /// <summary>Gives up: the way to report errors is itself broken. Nothing moves until a reset.</summary>
    private void Fail()
    {
        _isFatal = true;
        foreach (QueuePair? queuePair in _queuePairs)
        {
            if (queuePair is { IsLive: true })
            {
                Disconnect(queuePair);
            }
        }
    }

    private void ForgetRegisters()
    {
        _control = 0;
        _isFatal = false;
        _commandRing = 0;
        _responseRing = 0;
        _commandRingLog2 = 0;
        _commandsPosted = 0;
        _commandsDone = 0;
        _isCommandScheduled = false;
    }
}
