// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>Admin commands (section 5).</content>
public sealed partial class NvmeController
{
    private void DecodeAdmin(CommandSlot slot)
    {
        switch ((AdminOpcode)slot.Entry.Opcode)
        {
            case AdminOpcode.Identify:
                StartIdentify(slot);
                break;
            case AdminOpcode.GetLogPage:
                StartLogPage(slot);
                break;
            case AdminOpcode.CreateCompletionQueue:
                CreateCompletionQueue(slot);
                break;
            case AdminOpcode.CreateSubmissionQueue:
                CreateSubmissionQueue(slot);
                break;
            case AdminOpcode.DeleteCompletionQueue:
                DeleteCompletionQueue(slot);
                break;
            case AdminOpcode.DeleteSubmissionQueue:
                DeleteSubmissionQueue(slot);
                break;
            case AdminOpcode.GetFeatures:
                GetFeatures(slot);
                break;
            case AdminOpcode.SetFeatures:
                SetFeatures(slot);
                break;
            case AdminOpcode.Abort:
                Abort(slot);
                break;
            case AdminOpcode.AsynchronousEventRequest:
                RequestAsynchronousEvent(slot);
                break;
            default:
                Finish(slot, NvmeStatus.InvalidOpcode.Final());
                break;
        }
    }

    /// <summary>Abort (section 5.1): a command in work ends at once; what it moved so far has moved.</summary>
    private void Abort(CommandSlot slot)
    {
        const uint notAborted = 1;
        int queue = (int)(slot.Entry.Cdw10 & 0xFFFF);
        ushort commandId = (ushort)(slot.Entry.Cdw10 >> 16);
        foreach (CommandSlot other in _slots)
        {
            if (other.InUse && !other.HasEnded && other != slot && other.Queue!.Id == queue && other.Entry.CommandId == commandId)
            {
                Finish(other, NvmeStatus.AbortRequested);
                if (slot.InUse)
                {
                    Finish(slot, NvmeStatus.Success);
                }

                return;
            }
        }

        Finish(slot, NvmeStatus.Success, notAborted);
    }

    /// <summary>Makes the data of Identify or Get Log Page and writes it where the pointers say.</summary>
    private void SendAdminData(CommandSlot slot)
    {
        Span<byte> page = _staging.AsSpan(0, IdentifyLayout.Size);
        page.Clear();
        ulong source = 0;
        if (slot.Kind == CommandKind.Identify)
        {
            FillIdentify(slot, page);
        }
        else
        {
            FillLogPage(slot, page);
            source = slot.MediaOffset;
        }

        ReadOnlySpan<byte> zeros = _staging.AsSpan(IdentifyLayout.Size, IdentifyLayout.Size);
        _staging.AsSpan(IdentifyLayout.Size, IdentifyLayout.Size).Clear();
        slot.Arrived = Bus.Now;
        while (slot.Done < slot.Length)
        {
            DataSegment segment = slot.Segment(slot.SegmentIndex);
            ulong at = source + slot.Done;
            ReadOnlySpan<byte> part = at < IdentifyLayout.Size ? page[(int)at..] : zeros; // past its end a log page reads as zeros
            part = part[..(int)Math.Min(Math.Min((ulong)part.Length, slot.Length - slot.Done), segment.Length - slot.SegmentOffset)];
            BusCompletion moved = WriteMemory(segment.Address.Value + slot.SegmentOffset, part, Traffic.Control);
            slot.Arrived = Simulation.SimTime.Max(slot.Arrived, moved.FinishedAt);
            if (!moved.IsSuccess)
            {
                FinishAt(slot, NvmeStatus.DataTransferError, slot.Arrived);
                return;
            }

            slot.Advance((ulong)part.Length);
        }

        FinishAt(slot, NvmeStatus.Success, slot.Arrived);
    }
}
