// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Sharing;

/// <summary>A buffer as one device addresses it, until it is unmapped. The device's list is all there is: like the kernel's, which says so with an original count of 0, it has no
/// CPU side (row R70c).</summary>
public sealed partial class DmaBufMapping : IRevocableWorld
{
    /// <summary>The longest entry of a list whose entries count bytes in 32 bits: the most that fits, in whole pages (row R70b).</summary>
    public const ulong MaxEntryLength = uint.MaxValue & ~(PageSize.Size4K - 1);

    internal DmaBufMapping(DmaBufAttachment attachment, DmaDevice? device, DmaDirection direction)
    {
        Attachment = attachment;
        Device = device;
        Direction = direction;
    }

    /// <summary>Whose mapping it is.</summary>
    public DmaBufAttachment Attachment { get; }

    /// <summary>For which device; null for an I/O address space.</summary>
    public DmaDevice? Device { get; }

    /// <summary>Which way bytes may go.</summary>
    public DmaDirection Direction { get; }

    /// <summary>By which route; <see cref="P2PMapType.None"/> for an I/O address space.</summary>
    public P2PMapType Route { get; private set; }

    /// <summary>Where the device finds the bytes, in the buffer's order; empty for an I/O address space. Entries are as long as they can be.</summary>
    public DmaRangeList Addresses { get; private set; } = DmaRangeList.Empty;

    /// <summary>For an I/O address space: where the bytes are; null otherwise.</summary>
    public PhysicalRange? PrivateRange { get; private set; }

    /// <summary>Whether it still holds.</summary>
    public bool IsMapped { get; private set; }

    /// <summary>The device's list cut for entries whose length has 32 bits: a window of IO virtual addresses stays one entry up to <see cref="MaxEntryLength"/> (rows R70a, R70b).</summary>
    public DmaRangeList.SegmentEnumerable Entries => Addresses.Segments(new SegmentLimits { MaxSegmentSize = MaxEntryLength });

    /// <summary>Why it could not be made.</summary>
    internal DmaMapError? Error { get; private set; }

    /// <summary>Which program runs in it.</summary>
    internal RevocableOperation Operation { get; set; } = RevocableOperation.Map;

    int IRevocableWorld.ImporterCount => 0;

    private DmaBuf Buffer => Attachment.Buffer;

    RevocableOutcome IRevocableWorld.Apply(RevocableStep step) => Buffer.Apply(Operation, step);

    RevocableOutcome IRevocableWorld.Perform(RevocableStep step)
    {
        if (step == RevocableStep.Establish)
        {
            Error = Establish();
            IsMapped = Error is null;
        }
        else if (step == RevocableStep.DropTranslation)
        {
            IsMapped = false;
            Drop();
        }

        if (Error is not null)
        {
            return RevocableOutcome.Leave(Error.Errno);
        }

        Buffer.Trace(Operation, step);
        return RevocableOutcome.Advance;
    }

    RevocableOutcome IRevocableWorld.Tell(int importer) => RevocableOutcome.Advance;
}
