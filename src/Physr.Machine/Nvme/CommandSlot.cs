// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Nvme;

/// <summary>One command in work: the controller has a fixed number of them and reuses them.</summary>
internal sealed class CommandSlot
{
    private DataSegment[] _segments = new DataSegment[8];

    public CommandSlot(int index) => Index = index;

    public int Index { get; }

    /// <summary>Counts uses, so that an event of an earlier use is recognised and dropped.</summary>
    public uint Generation { get; set; }

    public bool InUse { get; set; }

    /// <summary>The command has ended and waits for room in its completion queue.</summary>
    public bool HasEnded { get; set; }

    /// <summary>The next in the list that this slot is in.</summary>
    public CommandSlot? Next { get; set; }

    public SubmissionQueue? Queue { get; set; }

    public SubmissionEntry Entry { get; set; }

    public NvmeNamespace? Namespace { get; set; }

    public CommandKind Kind { get; set; }

    /// <summary>Bytes of data that the command moves.</summary>
    public ulong Length { get; set; }

    /// <summary>Bytes whose pointers are still to be found.</summary>
    public ulong Unmapped { get; set; }

    /// <summary>The next PRP list or SGL segment.</summary>
    public DmaAddress ListAddress { get; set; }

    /// <summary>Bytes of it left (SGL).</summary>
    public uint ListLength { get; set; }

    /// <summary>Whether no segment follows it (SGL).</summary>
    public bool ListIsLast { get; set; }

    /// <summary>Descriptors read (SGL).</summary>
    public int DescriptorsSeen { get; set; }

    public int SegmentCount { get; private set; }

    /// <summary>The segment that the next byte lies in, and how far.</summary>
    public int SegmentIndex { get; set; }

    public ulong SegmentOffset { get; set; }

    /// <summary>Byte offset in the media.</summary>
    public ulong MediaOffset { get; set; }

    /// <summary>Bytes moved.</summary>
    public ulong Done { get; set; }

    /// <summary>When the media began.</summary>
    public SimTime MediaStart { get; set; }

    /// <summary>When the last of the moved bytes has arrived.</summary>
    public SimTime Arrived { get; set; }

    /// <summary>When the piece before the last one had arrived.</summary>
    public SimTime PreviousArrived { get; set; }

    public NvmeStatus Status { get; set; }

    public uint Result { get; set; }

    public DataSegment Segment(int index) => _segments[index];

    public void AddSegment(DataSegment segment)
    {
        if (SegmentCount == _segments.Length)
        {
            Array.Resize(ref _segments, 2 * SegmentCount);
        }

        _segments[SegmentCount++] = segment;
    }

    /// <summary>Makes the last segment longer.</summary>
    public void GrowLast(ulong bytes) => _segments[SegmentCount - 1] = _segments[SegmentCount - 1] with { Length = _segments[SegmentCount - 1].Length + bytes };

    public void Start(SubmissionQueue queue, SubmissionEntry entry)
    {
        InUse = true;
        HasEnded = false;
        Queue = queue;
        Entry = entry;
        Namespace = null;
        Length = 0;
        Unmapped = 0;
        DescriptorsSeen = 0;
        SegmentCount = 0;
        SegmentIndex = 0;
        SegmentOffset = 0;
        MediaOffset = 0;
        Done = 0;
        MediaStart = default;
        Arrived = default;
        PreviousArrived = default;
        Status = NvmeStatus.Success;
        Result = 0;
    }

    public void Advance(ulong bytes)
    {
        Done += bytes;
        SegmentOffset += bytes;
        if (SegmentIndex < SegmentCount && SegmentOffset == _segments[SegmentIndex].Length)
        {
            SegmentIndex++;
            SegmentOffset = 0;
        }
    }
}
