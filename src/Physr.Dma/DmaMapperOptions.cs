// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma;

/// <summary>Bounds of a mapper.</summary>
public sealed record DmaMapperOptions
{
    /// <summary>Most mappings at a time over all devices; 0 is no bound. Beyond it, mapping fails with <see cref="Errno.ENOMEM"/>.</summary>
    public long MaxMappings { get; init; }

    /// <summary>Asked before every allocation that may fail; null lets all pass (row R91).</summary>
    public IAllocationGate? AllocationGate { get; init; }
}
