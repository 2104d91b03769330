// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mapping;

namespace Physr.Dma;

/// <summary>Memory that a device may reach until this is disposed. Each provider whose bytes are in it is held in use as long.</summary>
/// <remarks>Behind an IOMMU the whole list lies in one run of IO virtual addresses wherever there is one that long, and its end costs one flush, however many ranges it has.</remarks>
public sealed class DmaMapping : IDisposable
{
    private readonly DmaMapper _mapper;
    private readonly MappedList _list;
    private int _isUnmapped;

    /// <summary>Told before the mapping ends: what wears the mapper listens here.</summary>
    internal Action<DmaMapping>? BeforeUnmap { get; set; }

    internal DmaMapping(DmaMapper mapper, DmaDevice device, RangeList memory, DmaRangeList addresses, DmaDirection direction, MappedList list)
    {
        _mapper = mapper;
        _list = list;
        Device = device;
        Memory = memory;
        Addresses = addresses;
        Direction = direction;
    }

    /// <summary>Whose mapping it is.</summary>
    public DmaDevice Device { get; }

    /// <summary>The bytes, as the CPU names them.</summary>
    public RangeList Memory { get; }

    /// <summary>The same bytes, as the device names them.</summary>
    public DmaRangeList Addresses { get; }

    /// <summary>Which way the bytes may go.</summary>
    public DmaDirection Direction { get; }

    /// <summary>What else was said of it when it was mapped.</summary>
    public DmaAttributes Attributes { get; internal init; }

    /// <summary>Whether it still holds.</summary>
    public bool IsMapped => Volatile.Read(ref _isUnmapped) == 0;

    /// <summary>The addresses cut to what the device takes as segments (row R62).</summary>
    public DmaRangeList.SegmentEnumerable Segments() => Addresses.Segments(Device.Limits);

    /// <summary>Unmaps; a second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isUnmapped, 1) == 0)
        {
            BeforeUnmap?.Invoke(this);
            _mapper.Unmapped(this, _list);
        }
    }
}
