// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <content>The requester: fetches work requests, sends their pieces, retires them in order.</content>
public sealed partial class RdmaNic
{
    private void ScheduleSend(QueuePair queuePair, SimTime when)
    {
        if (!queuePair.IsSendScheduled && queuePair.State == RdmaQueuePairState.ReadyToSend)
        {
            queuePair.IsSendScheduled = true;
            Bus.ScheduleAt(SimTime.Max(when, Bus.Now), EventSend, queuePair.Number);
        }
    }

    private void StepSend(QueuePair queuePair)
    {
        if (queuePair.IsSendStopped)
        {
            return;
        }

        if (!queuePair.HasCurrent)
        {
            FetchRequest(queuePair);
            return;
        }

        uint count = queuePair.Send.Fetched - 1;
        ref QueuePair.Request request = ref queuePair.RequestAt(count);
        if ((request.Work.Flags & RdmaWorkRequest.FlagFence) != 0 && queuePair.ReadsOutstanding != 0)
        {
            return;
        }

        if (!_port!.CanTransmit)
        {
            ScheduleSend(queuePair, Bus.Now.Add(_port.RetryInterval));
            return;
        }

        RdmaCompletionStatus judged = queuePair.SentOfCurrent == 0 ? Judge(queuePair, request.Work) : RdmaCompletionStatus.Success;
        if (judged != RdmaCompletionStatus.Success)
        {
            FailRequest(queuePair, count, judged, 0);
        }
        else if (request.Work.Opcode == RdmaOpcode.RdmaRead)
        {
            AskForBytes(queuePair, count, ref request);
        }
        else
        {
            SendPiece(queuePair, count, ref request);
        }
    }

    private void FetchRequest(QueuePair queuePair)
    {
        if (queuePair.Send.IsEmpty || queuePair.Send.Fetched - queuePair.Send.Freed == RdmaLimits.MaxOutstanding)
        {
            return;
        }

        uint count = queuePair.Send.Fetched++;
        ref QueuePair.Request request = ref queuePair.RequestAt(count);
        request = default;
        Span<byte> bytes = stackalloc byte[RdmaLimits.WorkRequestSize];
        BusCompletion fetch = Bus.Read(queuePair.Send.AddressOf(count), bytes, Traffic.Control);
        if (!fetch.IsSuccess)
        {
            FailRequest(queuePair, count, RdmaCompletionStatus.LocalBusError, (ushort)fetch.Status);
            return;
        }

        request.Work = RdmaWorkRequest.Read(bytes);
        queuePair.HasCurrent = true;
        queuePair.SentOfCurrent = 0;
        ScheduleSend(queuePair, fetch.FinishedAt.Add(_options.RequestDelay));
    }

    private RdmaCompletionStatus Judge(QueuePair queuePair, in RdmaWorkRequest work)
    {
        if (work.Opcode is not (RdmaOpcode.Send or RdmaOpcode.RdmaWrite or RdmaOpcode.RdmaRead))
        {
            return RdmaCompletionStatus.LocalQueuePairOperationError;
        }

        if (work.Length > RdmaLimits.MaxMessageSize || (work.Opcode == RdmaOpcode.Send && work.Length > (uint)_port!.PieceSize))
        {
            return RdmaCompletionStatus.LocalLengthError;
        }

        RdmaAccess needed = work.Opcode == RdmaOpcode.RdmaRead ? RdmaAccess.LocalWrite : RdmaAccess.None;
        return work.Length == 0 || MayReach(queuePair, work.LocalKey, work.LocalAddress, work.Length, needed)
            ? RdmaCompletionStatus.Success
            : RdmaCompletionStatus.LocalProtectionError;
    }

    private void AskForBytes(QueuePair queuePair, uint count, ref QueuePair.Request request)
    {
        RdmaPacket packet = NewPacket(queuePair, RdmaPacketKind.ReadRequest, count, withPayload: false);
        packet.Address = request.Work.RemoteAddress;
        packet.Key = request.Work.RemoteKey;
        packet.TotalLength = request.Work.Length;
        packet.IsLast = true;
        request.IsSent = true;
        request.PlacedAt = Bus.Now;
        queuePair.ReadsOutstanding++;
        queuePair.HasCurrent = false;
        ScheduleSend(queuePair, _port!.Transmit(packet, Bus.Now));
    }

    private void SendPiece(QueuePair queuePair, uint count, ref QueuePair.Request request)
    {
        uint offset = queuePair.SentOfCurrent;
        int length = (int)Math.Min((uint)_port!.PieceSize, request.Work.Length - offset);
        RdmaPacketKind kind = request.Work.Opcode == RdmaOpcode.Send ? RdmaPacketKind.Send : RdmaPacketKind.Write;
        RdmaPacket packet = NewPacket(queuePair, kind, count, withPayload: true);
        packet.PayloadLength = length;
        BusStatus? status = Gather(queuePair, request.Work.LocalKey, request.Work.LocalAddress + offset, packet.Data, RdmaAccess.None, out SimTime readyAt);
        if (status != BusStatus.Success)
        {
            _port.Return(packet);
            FailLocal(queuePair, count, status);
            return;
        }

        packet.Address = request.Work.RemoteAddress;
        packet.Key = request.Work.RemoteKey;
        packet.TotalLength = request.Work.Length;
        packet.Offset = offset;
        packet.IsLast = offset + (uint)length == request.Work.Length;
        queuePair.SentOfCurrent += (uint)length;
        if (packet.IsLast)
        {
            request.IsSent = true;
            queuePair.HasCurrent = false;
        }

        ScheduleSend(queuePair, _port.Transmit(packet, readyAt));
    }

    private RdmaPacket NewPacket(QueuePair queuePair, RdmaPacketKind kind, uint message, bool withPayload)
    {
        RdmaPacket packet = _port!.Rent(withPayload);
        packet.Kind = kind;
        packet.SourceQueuePair = queuePair.Number;
        packet.DestinationQueuePair = queuePair.Peer;
        packet.Message = message;
        return packet;
    }

    private void FailLocal(QueuePair queuePair, uint count, BusStatus? status)
    {
        if (status is { } bus)
        {
            FailRequest(queuePair, count, RdmaCompletionStatus.LocalBusError, (ushort)bus);
        }
        else
        {
            FailRequest(queuePair, count, RdmaCompletionStatus.LocalProtectionError, 0);
        }
    }

    /// <summary>Ends a request in error when all before it have ended; nothing after it is begun.</summary>
    private void FailRequest(QueuePair queuePair, uint count, RdmaCompletionStatus status, ushort vendorError)
    {
        ref QueuePair.Request request = ref queuePair.RequestAt(count);
        request.IsDone = true;
        request.Status = status;
        request.VendorError = vendorError;
        queuePair.HasCurrent = false;
        queuePair.IsSendStopped = true;
        Retire(queuePair);
    }

    private void Retire(QueuePair queuePair)
    {
        while (queuePair.Send.Freed != queuePair.Send.Fetched)
        {
            uint count = queuePair.Send.Freed;
            QueuePair.Request request = queuePair.RequestAt(count);
            if (!request.IsDone)
            {
                return;
            }

            queuePair.Send.Freed++;
            bool failed = request.Status != RdmaCompletionStatus.Success;
            if (failed || (request.Work.Flags & RdmaWorkRequest.FlagSignaled) != 0)
            {
                Complete(queuePair, isReceive: false, count, request.Work.Opcode, request.Status, request.VendorError, failed ? 0 : request.Work.Length);
            }

            if (failed)
            {
                EnterError(queuePair);
                return;
            }
        }

        ScheduleSend(queuePair, Bus.Now);
    }

    private void TakeAcknowledgement(QueuePair queuePair, RdmaPacket packet)
    {
        if (!queuePair.IsOutstanding(packet.Message))
        {
            return;
        }

        ref QueuePair.Request request = ref queuePair.RequestAt(packet.Message);
        if (packet.Kind == RdmaPacketKind.NegativeAcknowledge && !request.IsDone)
        {
            FailRequest(queuePair, packet.Message, packet.Status, 0);
        }
        else if (packet.Kind == RdmaPacketKind.Acknowledge && request.IsSent && request.Work.Opcode != RdmaOpcode.RdmaRead)
        {
            request.IsDone = true;
            Retire(queuePair);
        }
    }

    private void TakeReadBytes(QueuePair queuePair, RdmaPacket packet)
    {
        if (!queuePair.IsOutstanding(packet.Message))
        {
            return;
        }

        ref QueuePair.Request request = ref queuePair.RequestAt(packet.Message);
        if (request.IsDone || request.Work.Opcode != RdmaOpcode.RdmaRead || packet.Offset != request.Received
            || (uint)packet.PayloadLength > request.Work.Length - request.Received)
        {
            return;
        }

        ulong address = request.Work.LocalAddress + packet.Offset;
        BusStatus? status = Scatter(queuePair, request.Work.LocalKey, address, packet.Data, RdmaAccess.LocalWrite, out SimTime placedAt);
        if (status != BusStatus.Success)
        {
            FailLocal(queuePair, packet.Message, status);
            return;
        }

        request.PlacedAt = SimTime.Max(request.PlacedAt, placedAt);
        request.Received += (uint)packet.PayloadLength;
        if (packet.IsLast && request.Received == request.Work.Length)
        {
            Bus.ScheduleAt(request.PlacedAt, EventRequestDone, queuePair.Number | ((ulong)packet.Message << 32));
        }
    }

    private void FinishRead(QueuePair queuePair, uint count)
    {
        if (queuePair.IsOutstanding(count) && !queuePair.RequestAt(count).IsDone)
        {
            queuePair.RequestAt(count).IsDone = true;
            queuePair.ReadsOutstanding--;
            ScheduleSend(queuePair, Bus.Now);
            Retire(queuePair);
        }
    }
}
