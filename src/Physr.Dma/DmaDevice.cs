// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Dma.Mapping;

namespace Physr.Dma;

/// <summary>A device as the DMA layer knows it: how far its addresses reach, what it takes as a segment, and what is mapped for it now.</summary>
public sealed class DmaDevice
{
    private static uint s_last;

    /// <summary>Makes a device with nothing mapped.</summary>
    /// <param name="name">For messages and leak reports.</param>
    /// <param name="mask">The highest address the device can put on the bus, as <c>dma_set_mask</c> takes it: a power of two less one.</param>
    /// <param name="limits">What it takes as one segment, and how many.</param>
    public DmaDevice(string name, ulong mask = ulong.MaxValue, SegmentLimits limits = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (mask == 0 || (mask != ulong.MaxValue && !BitOperations.IsPow2(mask + 1)))
        {
            throw new ArgumentOutOfRangeException(nameof(mask), mask, "A DMA mask is a power of two less one, and not 0.");
        }

        Name = name;
        Mask = mask;
        Limits = limits;
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The highest address it can put on the bus.</summary>
    public ulong Mask { get; }

    /// <summary>What it takes as one segment.</summary>
    public SegmentLimits Limits { get; }

    /// <summary>The translation that the device's requests go through; null without an IOMMU: bus addresses are physical then. Changed only while nothing is mapped.</summary>
    public Iommu.DmaDomain? Domain { get; set; }

    /// <summary>Whether the device is outside the machine's trust (an external port): it may not see bytes that share a granule with what is mapped for it.</summary>
    public bool IsUntrusted { get; init; }

    /// <summary>Mappings not yet given back.</summary>
    public long ActiveMappings => Counted.Mappings;

    /// <summary>Bytes in them.</summary>
    public long MappedBytes => Counted.Bytes;

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>Tells it apart from every other device of this process, in small tables.</summary>
    internal uint Ordinal { get; } = Interlocked.Increment(ref s_last);

    internal MappingCount Counted { get; } = new();

    /// <summary>Counts mappings that no mapper made.</summary>
    internal void Count(long mappings, long bytes) => Counted.AddShared(mappings, bytes);
}
