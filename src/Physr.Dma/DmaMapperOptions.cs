// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Bounce;
using Physr.Dma.Broker;
using Physr.Memory;

namespace Physr.Dma;

/// <summary>Bounds of a mapper, and what it may draw on.</summary>
public sealed record DmaMapperOptions
{
    /// <summary>Most mappings at a time over all devices; 0 is no bound. Beyond it, mapping fails with <see cref="Errno.ENOMEM"/>.</summary>
    public long MaxMappings { get; init; }

    /// <summary>Where bytes go that a device cannot or may not see where they are; null refuses them.</summary>
    public BouncePool? Bounce { get; init; }

    /// <summary>Where coherent memory comes from; null has none.</summary>
    public IHostMemory? HostMemory { get; init; }

    /// <summary>Says how a device reaches another's private memory (row R42); null refuses it.</summary>
    public IDevicePrivateBroker? Broker { get; init; }

    /// <summary>Asked before every allocation that may fail; null lets all pass (row R91).</summary>
    public IAllocationGate? AllocationGate { get; init; }
}
