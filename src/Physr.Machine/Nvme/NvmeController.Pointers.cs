// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Machine.Bus;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>Physical Region Pages (section 4.1.1), and what PRPs and SGLs share. Adjacent pages join: a contiguous buffer is one bus transaction a piece, however
/// many pages describe it.</content>
public sealed partial class NvmeController
{
    /// <summary>Finds where <see cref="CommandSlot.Length"/> bytes of data lie; goes on at PointersKnown, or ends the command.</summary>
    private void StartPointers(CommandSlot slot)
    {
        if (slot.Length > _options.MaxTransferBytes)
        {
            Finish(slot, NvmeStatus.InvalidField.Final());
            return;
        }

        slot.Unmapped = slot.Length;
        switch (slot.Entry.PointerKind)
        {
            case 0:
                StartPrp(slot);
                break;
            case 1 or 2 when slot.Queue!.Id != 0:
                StartSgl(slot);
                break;
            default: // the admin queue of a PCIe controller takes PRPs only
                Finish(slot, NvmeStatus.InvalidField.Final());
                break;
        }
    }

    private void StartPrp(CommandSlot slot)
    {
        ulong offset = slot.Entry.Prp1 & (PageBytes - 1);
        if (offset % sizeof(uint) != 0)
        {
            Finish(slot, NvmeStatus.PrpOffsetInvalid.Final());
            return;
        }

        if (!TryAddData(slot, slot.Entry.Prp1, Math.Min(slot.Length, PageBytes - offset)))
        {
            return;
        }

        if (slot.Unmapped == 0)
        {
            OnPointersKnown(slot);
        }
        else if (slot.Unmapped <= PageBytes)
        {
            if (TryAddPage(slot, slot.Entry.Prp2))
            {
                OnPointersKnown(slot);
            }
        }
        else if (slot.Entry.Prp2 % sizeof(ulong) != 0)
        {
            Finish(slot, NvmeStatus.PrpOffsetInvalid.Final());
        }
        else
        {
            slot.ListAddress = new(slot.Entry.Prp2);
            ReadPrpList(slot);
        }
    }

    private void ReadList(CommandSlot slot)
    {
        if (slot.Entry.PointerKind == 0)
        {
            ReadPrpList(slot);
        }
        else
        {
            ReadSglSegment(slot);
        }
    }

    /// <summary>Reads one page of a PRP list, from its offset. Where more entries are due than the page has, its last one points to the next page.</summary>
    private void ReadPrpList(CommandSlot slot)
    {
        ulong address = slot.ListAddress.Value;
        int room = (int)((PageBytes - (address & (PageBytes - 1))) / sizeof(ulong));
        int due = (int)((slot.Unmapped + PageBytes - 1) / PageBytes);
        int count = Math.Min(room, due);
        Span<byte> bytes = _list.AsSpan(0, count * sizeof(ulong));
        BusCompletion read = ReadMemory(address, bytes, Traffic.Control);
        if (!read.IsSuccess)
        {
            FinishAt(slot, NvmeStatus.DataTransferError, read.FinishedAt);
            return;
        }

        ReadOnlySpan<ulong> entries = MemoryMarshal.Cast<byte, ulong>(bytes);
        bool isChained = due > room;
        foreach (ulong entry in isChained ? entries[..^1] : entries)
        {
            if (!TryAddPage(slot, entry))
            {
                return;
            }
        }

        if (!isChained)
        {
            Schedule(ControllerEvent.PointersKnown, read.FinishedAt, slot);
        }
        else if ((entries[^1] & (PageBytes - 1)) != 0)
        {
            Finish(slot, NvmeStatus.PrpOffsetInvalid.Final());
        }
        else
        {
            slot.ListAddress = new(entries[^1]);
            Schedule(ControllerEvent.ReadList, read.FinishedAt, slot);
        }
    }

    private bool TryAddPage(CommandSlot slot, ulong address)
    {
        if ((address & (PageBytes - 1)) != 0)
        {
            Finish(slot, NvmeStatus.PrpOffsetInvalid.Final());
            return false;
        }

        return TryAddData(slot, address, Math.Min(slot.Unmapped, PageBytes));
    }

    /// <summary>Adds bytes to the command's data; false where they are not to be used, and the command has ended then.</summary>
    private bool TryAddData(CommandSlot slot, ulong address, ulong length)
    {
        if (length == 0)
        {
            return true;
        }

        if (CrossesBufferEdge(address, length))
        {
            Finish(slot, (IsBufferMapped ? NvmeStatus.InvalidCmbUse : NvmeStatus.DataTransferError).Final());
            return false;
        }

        slot.Unmapped -= length;
        if (slot.SegmentCount != 0)
        {
            DataSegment last = slot.Segment(slot.SegmentCount - 1);
            if (!last.IsBitBucket && last.Address.Value + last.Length == address && !CrossesBufferEdge(last.Address.Value, last.Length + length))
            {
                slot.GrowLast(length);
                return true;
            }
        }

        slot.AddSegment(new(new(address), length, IsBitBucket: false));
        return true;
    }
}
