// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;
using Physr.Machine.Gpu.Host;
using Physr.Mm;

namespace Physr.Machine.Svm;

/// <summary>What a GPU sees of a range of a process's memory: page tables of its own, and DMA mappings of pages in RAM. Whatever changes on the CPU's side is dropped here first.</summary>
internal sealed class ProcessMirror : IntervalNotifier
{
    private readonly object _owner;
    private readonly MirrorMapping _dma;

    /// <summary>Begins to mirror.</summary>
    /// <param name="space">The process.</param>
    /// <param name="range">Which of its memory.</param>
    /// <param name="context">The GPU's page tables.</param>
    /// <param name="dma">Maps pages in RAM, one place for each page of the range; disposed of by its maker.</param>
    /// <param name="owner">Who migrates: of its own changes it knows already.</param>
    public ProcessMirror(AddressSpace space, AddressRange<VirtualAddress> range, GpuContext context, MirrorMapping dma, object owner)
        : base(space, range)
    {
        Context = context;
        _dma = dma;
        _owner = owner;
    }

    /// <summary>The GPU's page tables.</summary>
    public GpuContext Context { get; }

    /// <summary>Times that something had to be dropped.</summary>
    public long Drops { get; private set; }

    /// <summary>Takes a range from the GPU: when it returns, no access with an old translation is under way. Steps the machine.</summary>
    public void Drop(VirtualAddress start, ulong length)
    {
        if (Context.Unmap(start, length) != 0)
        {
            // A device that is gone reaches nothing any more either.
            Context.Invalidate(start, length);
            Drops++;
        }

        int first = PlaceOf(start);
        int pages = (int)(length >> PageSize.Shift4K);
        for (int i = first; i < first + pages; i++)
        {
            if (_dma.Frames[i].Has(MirrorFlags.DmaMapped))
            {
                _dma.UnmapPage(i);
            }
        }
    }

    /// <summary>Makes a page in RAM reachable for the GPU.</summary>
    /// <param name="page">Its virtual address.</param>
    /// <param name="frame">What the page tables say of it.</param>
    /// <param name="address">Where the GPU finds it.</param>
    public Errno TryMapRam(VirtualAddress page, MirrorFrame frame, out DmaAddress address)
    {
        int place = PlaceOf(page);
        ref MirrorFrame known = ref _dma.Frames[place];
        known = known.Refresh(frame);
        return _dma.TryMapPage(place, out address);
    }

    /// <inheritdoc/>
    protected override bool Invalidate(in NotifierRange range)
    {
        if (range.Event is NotifierEvent.Migrate or NotifierEvent.Exclusive && ReferenceEquals(range.Owner, _owner))
        {
            return true;
        }

        if (!range.MayBlock && Context.MappedPages != 0)
        {
            return false;
        }

        AddressRange<VirtualAddress> part = Range.Intersect(range.Range);
        if (!part.IsEmpty)
        {
            Drop(part.Start, part.Length);
        }

        return true;
    }

    private int PlaceOf(VirtualAddress page) => (int)(page.OffsetFrom(Range.Start) >> PageSize.Shift4K);
}
