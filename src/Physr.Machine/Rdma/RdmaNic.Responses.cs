// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <content>The responder's answers: acknowledgements, refusals and the bytes of reads, sent in the order of the requests.</content>
public sealed partial class RdmaNic
{
    private void Refuse(QueuePair queuePair, uint message, RdmaCompletionStatus status)
    {
        queuePair.IsResponderHalted = true;
        Answer(queuePair, new() { Kind = RdmaPacketKind.NegativeAcknowledge, Message = message, Status = status, ReadyAt = queuePair.PlacedAt });
    }

    private void Answer(QueuePair queuePair, in QueuePair.Response response)
    {
        // Fail() may have run meanwhile, when a completion could not be written.
        if (queuePair.State == RdmaQueuePairState.ReadyToSend)
        {
            queuePair.ResponseAt(queuePair.NextResponse++) = response;
            StepResponses(queuePair);
        }
    }

    private void StepResponses(QueuePair queuePair)
    {
        // A message is acknowledged only when its receive is complete: what the sender counts as done, the receiver has seen.
        FinishReceives(queuePair);
        while (!queuePair.IsResponseScheduled && queuePair.FirstResponse != queuePair.NextResponse)
        {
            ref QueuePair.Response response = ref queuePair.ResponseAt(queuePair.FirstResponse);
            if (response.ReadyAt.CompareTo(Bus.Now) > 0)
            {
                ScheduleResponse(queuePair, response.ReadyAt);
            }
            else if (response.Kind == RdmaPacketKind.ReadResponse)
            {
                SendReadPiece(queuePair, ref response);
            }
            else
            {
                RdmaPacket packet = NewPacket(queuePair, response.Kind, response.Message, withPayload: false);
                packet.Status = response.Status;
                packet.IsLast = true;
                queuePair.FirstResponse++;
                bool failed = response.Kind == RdmaPacketKind.NegativeAcknowledge;
                _port!.Transmit(packet, Bus.Now);
                if (failed)
                {
                    EnterError(queuePair);
                    return;
                }
            }
        }
    }

    private void SendReadPiece(QueuePair queuePair, ref QueuePair.Response response)
    {
        if (!_port!.CanTransmit)
        {
            ScheduleResponse(queuePair, Bus.Now.Add(_port.RetryInterval));
            return;
        }

        RdmaPacket packet = NewPacket(queuePair, RdmaPacketKind.ReadResponse, response.Message, withPayload: true);
        packet.PayloadLength = (int)Math.Min((uint)_port.PieceSize, response.Length - response.Sent);
        BusStatus? status = Gather(queuePair, response.Key, response.Address + response.Sent, packet.Data, RdmaAccess.RemoteRead, out SimTime readyAt);
        if (status != BusStatus.Success)
        {
            _port.Return(packet);
            queuePair.IsResponderHalted = true;
            response.Kind = RdmaPacketKind.NegativeAcknowledge;
            response.Status = status is null ? RdmaCompletionStatus.RemoteAccessError : RdmaCompletionStatus.RemoteOperationError;
            return;
        }

        packet.Offset = response.Sent;
        packet.TotalLength = response.Length;
        response.Sent += (uint)packet.PayloadLength;
        packet.IsLast = response.Sent == response.Length;
        if (packet.IsLast)
        {
            queuePair.FirstResponse++;
        }

        ScheduleResponse(queuePair, _port.Transmit(packet, readyAt));
    }

    private void ScheduleResponse(QueuePair queuePair, SimTime when)
    {
        queuePair.IsResponseScheduled = true;
        Bus.ScheduleAt(SimTime.Max(when, Bus.Now), EventResponse, queuePair.Number);
    }
}
