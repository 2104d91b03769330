// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Machine.Bus;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>Scatter Gather Lists (section 4.1.2): data blocks, bit buckets, segments and last segments; byte-granular.</content>
public sealed partial class NvmeController
{
    // Descriptors of one command. A list that is longer, or that runs in a circle, ends in Invalid Number of SGL Descriptors.
    private const int MaxSglDescriptors = 8192;

    // Bytes of a segment read at one time.
    private const uint SglReadBytes = 4096;

    private void StartSgl(CommandSlot slot)
    {
        SglDescriptor first = slot.Entry.Sgl;
        if (first.Subtype == 0 && first.Type is SglType.Segment or SglType.LastSegment)
        {
            if (TryEnterSegment(slot, first))
            {
                ReadSglSegment(slot);
            }
        }
        else if (TryAddDescriptor(slot, first))
        {
            EndSgl(slot, Bus.Now);
        }
    }

    private void ReadSglSegment(CommandSlot slot)
    {
        uint length = Math.Min(slot.ListLength, SglReadBytes);
        Span<byte> bytes = _list.AsSpan(0, (int)length);
        BusCompletion read = ReadMemory(slot.ListAddress.Value, bytes, Traffic.Control);
        if (!read.IsSuccess)
        {
            FinishAt(slot, NvmeStatus.DataTransferError, read.FinishedAt);
            return;
        }

        slot.ListLength -= length;
        slot.ListAddress = new(unchecked(slot.ListAddress.Value + length));
        ReadOnlySpan<SglDescriptor> descriptors = MemoryMarshal.Cast<byte, SglDescriptor>(bytes);
        slot.DescriptorsSeen += descriptors.Length;
        if (slot.DescriptorsSeen > MaxSglDescriptors)
        {
            Finish(slot, NvmeStatus.InvalidSglCount.Final());
            return;
        }

        for (int i = 0; i < descriptors.Length; i++)
        {
            SglDescriptor descriptor = descriptors[i];
            bool endsSegment = slot.ListLength == 0 && i == descriptors.Length - 1;
            if (descriptor.Subtype == 0 && descriptor.Type is SglType.Segment or SglType.LastSegment)
            {
                // Order matters: a link in a wrong place is a wrong count, a link where none may be is a wrong segment (figure 94, 0Dh and 0Eh).
                if (!endsSegment || slot.ListIsLast)
                {
                    Finish(slot, (slot.ListIsLast ? NvmeStatus.InvalidSglSegment : NvmeStatus.InvalidSglCount).Final());
                    return;
                }

                if (TryEnterSegment(slot, descriptor))
                {
                    Schedule(ControllerEvent.ReadList, read.FinishedAt, slot);
                }

                return;
            }

            if (endsSegment && !slot.ListIsLast)
            {
                Finish(slot, NvmeStatus.InvalidSglSegment.Final());
                return;
            }

            if (!TryAddDescriptor(slot, descriptor))
            {
                return;
            }
        }

        if (slot.ListLength != 0)
        {
            Schedule(ControllerEvent.ReadList, read.FinishedAt, slot);
        }
        else
        {
            EndSgl(slot, read.FinishedAt);
        }
    }

    private bool TryEnterSegment(CommandSlot slot, SglDescriptor descriptor)
    {
        if (descriptor.Length == 0 || descriptor.Length % SglDescriptor.Size != 0)
        {
            Finish(slot, NvmeStatus.InvalidSglSegment.Final());
            return false;
        }

        slot.ListAddress = new(descriptor.Address);
        slot.ListLength = descriptor.Length;
        slot.ListIsLast = descriptor.Type == SglType.LastSegment;
        return true;
    }

    private bool TryAddDescriptor(CommandSlot slot, SglDescriptor descriptor)
    {
        if (descriptor.Subtype != 0 || descriptor.Type is not (SglType.DataBlock or SglType.BitBucket))
        {
            Finish(slot, NvmeStatus.SglTypeInvalid.Final());
            return false;
        }

        bool isBucket = descriptor.Type == SglType.BitBucket;
        if (isBucket && slot.Kind != CommandKind.Read)
        {
            return true; // as a source, a bit bucket counts for nothing
        }

        if (descriptor.Length > slot.Unmapped)
        {
            Finish(slot, NvmeStatus.DataSglLengthInvalid.Final());
            return false;
        }

        if (!isBucket)
        {
            return TryAddData(slot, descriptor.Address, descriptor.Length);
        }

        if (descriptor.Length != 0)
        {
            slot.AddSegment(new(default, descriptor.Length, IsBitBucket: true));
            slot.Unmapped -= descriptor.Length;
        }

        return true;
    }

    private void EndSgl(CommandSlot slot, Simulation.SimTime when)
    {
        if (slot.Unmapped != 0)
        {
            Finish(slot, NvmeStatus.DataSglLengthInvalid.Final());
        }
        else
        {
            Schedule(ControllerEvent.PointersKnown, when, slot);
        }
    }
}
