// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;
using Physr.Machine.Bus;
using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma;

/// <content>Making, connecting and ending queue pairs.</content>
public sealed partial class RdmaNic
{
    private bool TryFind(uint number, [NotNullWhen(true)] out QueuePair? queuePair)
    {
        uint index = number & ((1U << RdmaLimits.QueueIndexBits) - 1);
        queuePair = index < (uint)_queuePairs.Length ? _queuePairs[index] : null;
        return queuePair is { IsLive: true } && queuePair.Number == number;
    }

    private Errno WithQueuePair(uint number, Action<RdmaNic, QueuePair> action)
    {
        if (!TryFind(number, out QueuePair? queuePair))
        {
            return Errno.ENOENT;
        }

        action(this, queuePair);
        return Errno.None;
    }

    private Errno CreateQueuePair(in RdmaCommand command, out ulong value)
    {
        value = 0;
        int sendLog2 = (int)(command.G & 0xFF);
        int receiveLog2 = (int)((command.G >> 8) & 0xFF);
        if (sendLog2 > RdmaLimits.MaxRingLog2 || receiveLog2 > RdmaLimits.MaxRingLog2
            || !IsRing(command.A, sendLog2, RdmaLimits.WorkRequestSize) || !IsRing(command.B, receiveLog2, RdmaLimits.WorkRequestSize))
        {
            return Errno.EINVAL;
        }

        if (!IsDomain(command.D) || !IsCompletionQueue(command.E) || !IsCompletionQueue(command.F))
        {
            return Errno.ENOENT;
        }

        int index = Array.FindIndex(_queuePairs, static queuePair => queuePair is not { IsLive: true });
        if (index < 0)
        {
            return Errno.ENOMEM;
        }

        QueuePair created = _queuePairs[index] ??= new();
        created.IsLive = true;
        created.Number = (uint)index | (++_queuePairGenerations[index] << RdmaLimits.QueueIndexBits);
        created.State = RdmaQueuePairState.Init;
        created.Domain = command.D;
        created.SendCompletions = _completionQueues[command.E];
        created.ReceiveCompletions = _completionQueues[command.F];
        created.Send = new() { Address = new(command.A), Log2 = sendLog2 };
        created.Receive = new() { Address = new(command.B), Log2 = receiveLog2 };
        created.Peer = 0;
        created.PlacedAt = default;
        created.Unparked = 0;
        created.IsResponderHalted = false;
        ForgetWork(created);
        created.SendCompletions.Users++;
        created.ReceiveCompletions.Users++;
        _domainUsers[command.D]++;
        value = created.Number;
        return Errno.None;
    }

    private Errno ConnectQueuePair(uint number, uint peer)
    {
        if (!TryFind(number, out QueuePair? queuePair))
        {
            return Errno.ENOENT;
        }

        if (_port is null)
        {
            return Errno.ENODEV;
        }

        if (queuePair.State != RdmaQueuePairState.Init)
        {
            return Errno.EINVAL;
        }

        queuePair.Peer = peer;
        queuePair.State = RdmaQueuePairState.ReadyToSend;
        ScheduleSend(queuePair, Bus.Now);
        return Errno.None;
    }

    private Errno QueryQueuePair(uint number, out ulong value)
    {
        bool found = TryFind(number, out QueuePair? queuePair);
        value = found ? (ulong)queuePair!.State : 0;
        return found ? Errno.None : Errno.ENOENT;
    }

    /// <summary>Ends a queue pair without a word to its completion queues.</summary>
    private void Release(QueuePair queuePair)
    {
        Disconnect(queuePair);
        queuePair.IsLive = false;
        queuePair.SendCompletions.Users--;
        queuePair.ReceiveCompletions.Users--;
        _domainUsers[queuePair.Domain]--;
    }

    /// <summary>Stops a queue pair and flushes what was posted. In the order of verbs: sends, then receives.</summary>
    private void EnterError(QueuePair queuePair)
    {
        if (queuePair.State == RdmaQueuePairState.Error)
        {
            return;
        }

        Disconnect(queuePair);
        FlushRings(queuePair);
    }

    private void Disconnect(QueuePair queuePair)
    {
        if (queuePair.State == RdmaQueuePairState.ReadyToSend)
        {
            _port!.Abandon(queuePair.Peer);
        }

        queuePair.State = RdmaQueuePairState.Error;

        // Receives whose bytes were on the way count as not taken, so that the flush reports them.
        queuePair.Receive.Fetched -= (uint)queuePair.PendingReceives.Count;
        ForgetWork(queuePair);
    }

    private void ForgetWork(QueuePair queuePair)
    {
        queuePair.HasCurrent = false;
        queuePair.IsSendScheduled = false;
        queuePair.IsSendStopped = false;
        queuePair.ReadsOutstanding = 0;
        queuePair.FirstResponse = 0;
        queuePair.NextResponse = 0;
        queuePair.IsResponseScheduled = false;
        queuePair.PendingReceives.Clear();
        while (queuePair.Parked.TryDequeue(out RdmaPacket? packet))
        {
            _port!.Return(packet);
        }
    }

    private void FlushRings(QueuePair queuePair)
    {
        while (queuePair.Send.Freed != queuePair.Send.Posted && IsWorking)
        {
            uint count = queuePair.Send.Freed++;
            bool known = queuePair.Send.Fetched - count - 1 < RdmaLimits.MaxOutstanding;
            Complete(queuePair, isReceive: false, count, known ? queuePair.RequestAt(count).Work.Opcode : RdmaOpcode.Invalid, RdmaCompletionStatus.Flushed, 0, 0);
        }

        while (queuePair.Receive.Fetched != queuePair.Receive.Posted && IsWorking)
        {
            uint count = queuePair.Receive.Fetched++;
            queuePair.Receive.Freed = queuePair.Receive.Fetched;
            Complete(queuePair, isReceive: true, count, RdmaOpcode.Receive, RdmaCompletionStatus.Flushed, 0, 0);
        }

        queuePair.Send.Fetched = queuePair.Send.Freed;
    }

    private void Complete(QueuePair queuePair, bool isReceive, uint count, RdmaOpcode opcode, RdmaCompletionStatus status, ushort vendorError, uint byteCount)
    {
        CompletionQueue queue = isReceive ? queuePair.ReceiveCompletions : queuePair.SendCompletions;
        if (!IsWorking)
        {
            return;
        }

        if (queue.Produced - queue.Consumed == 1U << queue.Log2)
        {
            Fail();
            return;
        }

        Span<byte> bytes = stackalloc byte[RdmaLimits.CompletionSize];
        new RdmaCompletion
        {
            QueuePair = queuePair.Number,
            RequestCount = count,
            ByteCount = byteCount,
            Opcode = opcode,
            Status = status,
            VendorError = vendorError,
            IsReceive = isReceive,
            Phase = RdmaCompletion.PhaseOf(queue.Produced, queue.Log2),
        }.Write(bytes);
        ulong slot = queue.Produced & ((1U << queue.Log2) - 1);
        if (!Bus.Write(queue.Ring.Add(slot * RdmaLimits.CompletionSize), bytes, Traffic.Control).IsSuccess)
        {
            Fail();
            return;
        }

        queue.Produced++;
        if (queue.IsArmed)
        {
            queue.IsArmed = false;
            Bus.RaiseInterrupt(queue.Vector);
        }
    }
}
