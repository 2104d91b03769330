// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing;

/// <summary>What may be chosen of an exporter.</summary>
public sealed record BarSliceExporterOptions
{
    /// <summary>What may be chosen of each of its buffers.</summary>
    public DmaBufOptions Buffers { get; init; } = new();

    /// <summary>Whether the device decodes memory at the beginning (the memory bit of its COMMAND register).</summary>
    public bool IsMemoryEnabled { get; init; } = true;
}
