// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Machine.Bus;
using Physr.Machine.Nvme.Media;
using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Nvme;

/// <content>The data phase. Media and bus work on different pieces at the same time, so a transfer takes as long as the slower of the two; commands share the
/// media in the order in which they reach it.</content>
public sealed partial class NvmeController
{
    private SimTime _mediaFree;

    private bool WritesThrough(CommandSlot slot) =>
        (slot.Entry.Cdw12 & ForceUnitAccess) != 0 || (_features[(int)FeatureId.VolatileWriteCache] & 1) == 0;

    private void OnPointersKnown(CommandSlot slot)
    {
        switch (slot.Kind)
        {
            case CommandKind.Read or CommandKind.Compare:
                StartMedia(slot);
                break;
            case CommandKind.Write:
                TransferWrite(slot);
                break;
            case CommandKind.Deallocate:
                Deallocate(slot);
                break;
            default:
                SendAdminData(slot);
                break;
        }
    }

    private void Transfer(CommandSlot slot)
    {
        if (slot.Kind == CommandKind.Write)
        {
            TransferWrite(slot);
        }
        else
        {
            TransferRead(slot);
        }
    }

    /// <summary>Books the media for the whole command; the first piece is there when the latency and its own time have passed.</summary>
    private void StartMedia(CommandSlot slot)
    {
        slot.MediaStart = SimTime.Max(Bus.Now, _mediaFree);
        _mediaFree = slot.MediaStart.Add(SimTime.ForBytes(slot.Length, _options.ReadBytesPerSecond));
        ScheduleRead(slot);
    }

    private void ScheduleRead(CommandSlot slot)
    {
        ulong ready = Math.Min(slot.Done + (uint)_options.PieceBytes, slot.Length);
        SimTime when = slot.MediaStart.Add(_options.ReadLatency).Add(SimTime.ForBytes(ready, _options.ReadBytesPerSecond));
        Schedule(ControllerEvent.Transfer, when, slot);
    }

    /// <summary>Moves one piece from the media to where the command wants it.</summary>
    private void TransferRead(CommandSlot slot)
    {
        INvmeMedia media = slot.Namespace!.Media;
        ulong end = Math.Min(slot.Done + (uint)_options.PieceBytes, slot.Length);
        while (slot.Done < end)
        {
            bool hasTarget = slot.Kind != CommandKind.Verify;
            DataSegment segment = hasTarget ? slot.Segment(slot.SegmentIndex) : new(default, slot.Length, IsBitBucket: true);
            int wanted = (int)Math.Min(end - slot.Done, segment.Length - slot.SegmentOffset);
            MediaStatus status = media.Read(slot.MediaOffset + slot.Done, wanted, out ReadOnlySpan<byte> bytes);
            if (status != MediaStatus.Success)
            {
                FinishAt(slot, StatusOf(status), slot.Arrived);
                return;
            }

            if (!segment.IsBitBucket && !TryDeliver(slot, segment, ref bytes))
            {
                return;
            }

            slot.Advance((ulong)bytes.Length);
        }

        if (slot.Done < slot.Length)
        {
            ScheduleRead(slot);
            return;
        }

        if (slot.Kind == CommandKind.Read)
        {
            Statistics = Statistics with { BytesRead = Statistics.BytesRead + slot.Length };
            _readCommands++;
        }

        FinishAt(slot, NvmeStatus.Success, slot.Arrived);
    }

    /// <summary>Writes bytes of the media to the bus, or compares them with the bytes there; false where that ended the command.</summary>
    private bool TryDeliver(CommandSlot slot, DataSegment segment, ref ReadOnlySpan<byte> bytes)
    {
        ulong address = segment.Address.Value + slot.SegmentOffset;
        BusCompletion moved;
        if (slot.Kind == CommandKind.Compare)
        {
            bytes = bytes[..Math.Min(bytes.Length, _staging.Length)];
            moved = ReadMemory(address, _staging.AsSpan(0, bytes.Length), Traffic.Payload);
        }
        else
        {
            moved = WriteMemory(address, bytes, Traffic.Payload);
        }

        slot.Arrived = SimTime.Max(slot.Arrived, moved.FinishedAt);
        if (!moved.IsSuccess)
        {
            FinishAt(slot, NvmeStatus.DataTransferError, slot.Arrived);
            return false;
        }

        if (slot.Kind == CommandKind.Compare && !bytes.SequenceEqual(_staging.AsSpan(0, bytes.Length)))
        {
            FinishAt(slot, NvmeStatus.CompareFailure.Final(), slot.Arrived);
            return false;
        }

        return true;
    }

    /// <summary>Fetches one piece to the media. Two pieces are on the bus at a time: the next is asked for when the one before the last has arrived.</summary>
    private void TransferWrite(CommandSlot slot)
    {
        INvmeMedia media = slot.Namespace!.Media;
        ulong end = Math.Min(slot.Done + (uint)_options.PieceBytes, slot.Length);
        ulong pieceBytes = end - slot.Done;
        SimTime arrived = Bus.Now;
        while (slot.Done < end)
        {
            DataSegment segment = slot.Segment(slot.SegmentIndex);
            ulong offset = slot.MediaOffset + slot.Done;
            int wanted = (int)Math.Min(end - slot.Done, segment.Length - slot.SegmentOffset);
            MediaStatus status = media.BeginWrite(offset, wanted, out Span<byte> room);
            if (status != MediaStatus.Success)
            {
                FinishAt(slot, StatusOf(status), arrived);
                return;
            }

            BusCompletion moved = ReadMemory(segment.Address.Value + slot.SegmentOffset, room, Traffic.Payload);
            arrived = SimTime.Max(arrived, moved.FinishedAt);
            if (!moved.IsSuccess)
            {
                media.AbandonWrite(offset, room.Length);
                FinishAt(slot, NvmeStatus.DataTransferError, arrived);
                return;
            }

            status = media.EndWrite(offset, room.Length);
            if (status != MediaStatus.Success)
            {
                FinishAt(slot, StatusOf(status), arrived);
                return;
            }

            slot.Advance((ulong)room.Length);
        }

        _mediaFree = SimTime.Max(_mediaFree, arrived).Add(SimTime.ForBytes(pieceBytes, _options.WriteBytesPerSecond));
        slot.Arrived = _mediaFree;
        if (slot.Done < slot.Length)
        {
            Schedule(ControllerEvent.Transfer, slot.PreviousArrived, slot);
            slot.PreviousArrived = arrived;
            return;
        }

        Statistics = Statistics with { BytesWritten = Statistics.BytesWritten + slot.Length };
        _writeCommands++;
        NvmeStatus ended = WritesThrough(slot) ? StatusOf(media.Flush()) : NvmeStatus.Success;
        FinishAt(slot, ended, slot.Arrived.Add(_options.WriteLatency));
    }

    private void Deallocate(CommandSlot slot)
    {
        Span<byte> ranges = _staging.AsSpan(0, (int)slot.Length);
        for (; slot.Done < slot.Length; slot.Advance(slot.Segment(slot.SegmentIndex).Length))
        {
            DataSegment segment = slot.Segment(slot.SegmentIndex);
            BusCompletion moved = ReadMemory(segment.Address.Value, ranges.Slice((int)slot.Done, (int)segment.Length), Traffic.Control);
            slot.Arrived = SimTime.Max(slot.Arrived, moved.FinishedAt);
            if (!moved.IsSuccess)
            {
                FinishAt(slot, NvmeStatus.DataTransferError, slot.Arrived);
                return;
            }
        }

        NvmeNamespace ns = slot.Namespace!;
        for (Span<byte> rest = ranges; !rest.IsEmpty; rest = rest[DeallocateRangeBytes..])
        {
            ulong blocks = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            ulong start = BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]);
            if (!ns.Contains(start, blocks))
            {
                FinishAt(slot, NvmeStatus.LbaOutOfRange.Final(), slot.Arrived);
                return;
            }

            // Without the attribute the ranges are advice, and there is none to follow.
            if ((slot.Entry.Cdw11 & AttributeDeallocate) != 0 && ns.Media.Deallocate(start << ns.BlockShift, blocks << ns.BlockShift) is not MediaStatus.Success and MediaStatus failed)
            {
                FinishAt(slot, StatusOf(failed), slot.Arrived);
                return;
            }
        }

        FinishAt(slot, NvmeStatus.Success, SimTime.Max(slot.Arrived, Bus.Now).Add(_options.WriteLatency));
    }
}
