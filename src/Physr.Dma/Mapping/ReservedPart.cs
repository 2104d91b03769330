// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Mapping;

/// <summary>A part of a reservation in whole granules: which ones, and where its first byte is in the first.</summary>
internal readonly struct ReservedPart
{
    public ReservedPart(DmaDomain domain, DmaAddress address, ulong offset, ulong length)
    {
        Domain = domain;
        Granule = domain.Iova.Granule;
        ulong inGranule = Granule - 1;
        BaseSkew = address.Value & inGranule;
        Base = new(address.Value - BaseSkew);
        ulong at = address.Value + offset;
        Skew = at & inGranule;
        Start = new(at - Skew);
        Size = (Skew + length + inGranule) & ~inGranule;
    }

    /// <summary>Whose addresses they are.</summary>
    public DmaDomain Domain { get; }

    /// <summary>Bytes in a granule.</summary>
    public ulong Granule { get; }

    /// <summary>The reservation's first granule.</summary>
    public DmaAddress Base { get; }

    /// <summary>Where the reservation's first byte is in it.</summary>
    public ulong BaseSkew { get; }

    /// <summary>The part's first granule.</summary>
    public DmaAddress Start { get; }

    /// <summary>Where the part's first byte is in it.</summary>
    public ulong Skew { get; }

    /// <summary>The part's bytes, in whole granules.</summary>
    public ulong Size { get; }

    /// <summary>How many granules come before the part.</summary>
    public uint FirstGranule => (uint)((Start.Value - Base.Value) / Granule);

    /// <summary>How many are in it.</summary>
    public uint GranuleCount => (uint)(Size / Granule);
}
