// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <content>The responder: judges what the other end asks and does it, in its order.</content>
public sealed partial class RdmaNic
{
    /// <inheritdoc/>
    RdmaDelivery IRdmaEnd.Deliver(RdmaPacket packet)
    {
        if (!IsWorking || !TryFind(packet.DestinationQueuePair, out QueuePair? queuePair)
            || queuePair.State != RdmaQueuePairState.ReadyToSend || queuePair.Peer != packet.SourceQueuePair)
        {
            return RdmaDelivery.Refused;
        }

        switch (packet.Kind)
        {
            case RdmaPacketKind.Acknowledge or RdmaPacketKind.NegativeAcknowledge:
                TakeAcknowledgement(queuePair, packet);
                return RdmaDelivery.Taken;
            case RdmaPacketKind.ReadResponse:
                TakeReadBytes(queuePair, packet);
                return RdmaDelivery.Taken;
            default:
                if (queuePair.Parked.Count != 0)
                {
                    queuePair.Parked.Enqueue(packet);
                    return RdmaDelivery.Kept;
                }

                return TakeRequest(queuePair, packet);
        }
    }

    /// <inheritdoc/>
    void IRdmaEnd.TransportLost(uint queuePair)
    {
        if (!TryFind(queuePair, out QueuePair? found) || found.State != RdmaQueuePairState.ReadyToSend || found.Send.Freed == found.Send.Fetched)
        {
            return;
        }

        // The oldest request names the cause; the others are flushed.
        uint oldest = found.Send.Freed;
        if (!found.RequestAt(oldest).IsDone)
        {
            FailRequest(found, oldest, RdmaCompletionStatus.RetryExceeded, 0);
        }
    }

    private RdmaDelivery TakeRequest(QueuePair queuePair, RdmaPacket packet)
    {
        if (queuePair.IsResponderHalted)
        {
            return RdmaDelivery.Taken;
        }

        if (queuePair.NextResponse - queuePair.FirstResponse == RdmaLimits.MaxOutstanding)
        {
            return RdmaDelivery.Refused;
        }

        switch (packet.Kind)
        {
            case RdmaPacketKind.Write:
                TakeWrite(queuePair, packet);
                break;
            case RdmaPacketKind.ReadRequest:
                TakeReadRequest(queuePair, packet);
                break;
            case RdmaPacketKind.Send when queuePair.Receive.IsEmpty:
                queuePair.Parked.Enqueue(packet);
                Bus.ScheduleAt(Bus.Now.Add(_port!.RetryTotal), EventReceiverNotReady, queuePair.Number | ((ulong)queuePair.Unparked << 32));
                return RdmaDelivery.Kept;
            case RdmaPacketKind.Send:
                TakeSend(queuePair, packet);
                break;
        }

        return RdmaDelivery.Taken;
    }

    private void TakeWrite(QueuePair queuePair, RdmaPacket packet)
    {
        // The whole message is judged before its first byte is placed: a request without the rights changes nothing.
        const RdmaAccess needed = RdmaAccess.RemoteWrite | RdmaAccess.LocalWrite;
        if (packet.Offset == 0 && packet.TotalLength != 0 && !MayReach(queuePair, packet.Key, packet.Address, packet.TotalLength, needed))
        {
            Refuse(queuePair, packet.Message, RdmaCompletionStatus.RemoteAccessError);
            return;
        }

        BusStatus? status = Scatter(queuePair, packet.Key, packet.Address + packet.Offset, packet.Data, needed, out SimTime placedAt);
        if (status != BusStatus.Success)
        {
            Refuse(queuePair, packet.Message, status is null ? RdmaCompletionStatus.RemoteAccessError : RdmaCompletionStatus.RemoteOperationError);
            return;
        }

        queuePair.PlacedAt = SimTime.Max(queuePair.PlacedAt, placedAt);
        if (packet.IsLast)
        {
            Answer(queuePair, new() { Kind = RdmaPacketKind.Acknowledge, Message = packet.Message, ReadyAt = queuePair.PlacedAt });
        }
    }

    private void TakeReadRequest(QueuePair queuePair, RdmaPacket packet)
    {
        if (packet.TotalLength != 0 && !MayReach(queuePair, packet.Key, packet.Address, packet.TotalLength, RdmaAccess.RemoteRead))
        {
            Refuse(queuePair, packet.Message, RdmaCompletionStatus.RemoteAccessError);
            return;
        }

        Answer(queuePair, new()
        {
            Kind = RdmaPacketKind.ReadResponse,
            Message = packet.Message,
            ReadyAt = Bus.Now.Add(_options.RequestDelay),
            Address = packet.Address,
            Key = packet.Key,
            Length = packet.TotalLength,
        });
    }

    private void TakeSend(QueuePair queuePair, RdmaPacket packet)
    {
        uint count = queuePair.Receive.Fetched++;
        queuePair.Receive.Freed = queuePair.Receive.Fetched;
        Span<byte> bytes = stackalloc byte[RdmaLimits.WorkRequestSize];
        BusCompletion fetch = Bus.Read(queuePair.Receive.AddressOf(count), bytes, Traffic.Control);
        SimTime placedAt = Bus.Now;
        RdmaCompletionStatus local = RdmaCompletionStatus.LocalBusError;
        BusStatus? bus = fetch.Status;
        if (fetch.IsSuccess)
        {
            RdmaWorkRequest work = RdmaWorkRequest.Read(bytes);
            local = JudgeReceive(queuePair, work, packet.TotalLength);
            if (local == RdmaCompletionStatus.Success)
            {
                bus = Scatter(queuePair, work.LocalKey, work.LocalAddress, packet.Data, RdmaAccess.LocalWrite, out placedAt);
                local = bus == BusStatus.Success ? RdmaCompletionStatus.Success : RdmaCompletionStatus.LocalBusError;
            }
        }

        ushort vendorError = (ushort)(local == RdmaCompletionStatus.LocalBusError ? bus ?? BusStatus.Success : BusStatus.Success);
        queuePair.PlacedAt = SimTime.Max(queuePair.PlacedAt, SimTime.Max(placedAt, fetch.FinishedAt));
        uint byteCount = local == RdmaCompletionStatus.Success ? packet.TotalLength : 0;
        queuePair.PendingReceives.Enqueue(new(count, byteCount, local, vendorError, queuePair.PlacedAt));
        Bus.ScheduleAt(queuePair.PlacedAt, EventReceiveDone, queuePair.Number);
        if (local != RdmaCompletionStatus.Success)
        {
            Refuse(queuePair, packet.Message, local == RdmaCompletionStatus.LocalLengthError
                ? RdmaCompletionStatus.RemoteInvalidRequest
                : RdmaCompletionStatus.RemoteOperationError);
            return;
        }

        Answer(queuePair, new() { Kind = RdmaPacketKind.Acknowledge, Message = packet.Message, ReadyAt = queuePair.PlacedAt });
    }

    private RdmaCompletionStatus JudgeReceive(QueuePair queuePair, in RdmaWorkRequest work, uint messageLength)
    {
        if (work.Opcode != RdmaOpcode.Receive)
        {
            return RdmaCompletionStatus.LocalQueuePairOperationError;
        }

        if (messageLength > work.Length)
        {
            return RdmaCompletionStatus.LocalLengthError;
        }

        return messageLength == 0 || MayReach(queuePair, work.LocalKey, work.LocalAddress, work.Length, RdmaAccess.LocalWrite)
            ? RdmaCompletionStatus.Success
            : RdmaCompletionStatus.LocalProtectionError;
    }

    /// <summary>Completes the receives whose bytes are in memory.</summary>
    private void FinishReceives(QueuePair queuePair)
    {
        while (queuePair.PendingReceives.TryPeek(out QueuePair.PendingReceive done) && done.At.CompareTo(Bus.Now) <= 0)
        {
            queuePair.PendingReceives.Dequeue();
            Complete(queuePair, isReceive: true, done.Count, RdmaOpcode.Receive, done.Status, done.VendorError, done.ByteCount);
        }
    }

    /// <summary>A receive buffer came: goes on with what waited for it.</summary>
    private void Unpark(QueuePair queuePair)
    {
        while (queuePair.State == RdmaQueuePairState.ReadyToSend && queuePair.Parked.TryPeek(out RdmaPacket? packet))
        {
            if (packet.Kind == RdmaPacketKind.Send && queuePair.Receive.IsEmpty)
            {
                Bus.ScheduleAt(Bus.Now.Add(_port!.RetryTotal), EventReceiverNotReady, queuePair.Number | ((ulong)queuePair.Unparked << 32));
                return;
            }

            queuePair.Parked.Dequeue();
            queuePair.Unparked++;
            TakeRequest(queuePair, packet);
            _port!.Return(packet);
        }
    }

    private void GiveUpParked(QueuePair queuePair, uint unparked)
    {
        if (queuePair.Unparked == unparked && queuePair.Parked.TryPeek(out RdmaPacket? packet))
        {
            Refuse(queuePair, packet.Message, RdmaCompletionStatus.ReceiverNotReadyRetryExceeded);
        }
    }
}
