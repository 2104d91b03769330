// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>A list as it was mapped. The spans may be the first part of longer ones, as traces cut them.</summary>
public readonly ref struct DmaDebugList
{
    /// <summary>Whose.</summary>
    public required DmaDevice Device { get; init; }

    /// <summary>The segments that the device sees.</summary>
    public required ReadOnlySpan<DmaRange> Segments { get; init; }

    /// <summary>Where each entry begins in physical memory, as the CPU's list has them.</summary>
    public required ReadOnlySpan<PhysicalAddress> Memory { get; init; }

    /// <summary>Which way the bytes may go.</summary>
    public required DmaDirection Direction { get; init; }

    /// <summary>What else was said.</summary>
    public DmaAttributes Attributes { get; init; }

    /// <summary>Entries in all; 0 for those of the span.</summary>
    public int AllEntries { get; init; }

    /// <summary>Whether some entries are a device's memory, which need not be where RAM or an aperture is.</summary>
    public bool HasPeers { get; init; }

    /// <summary>Whether the device's limits were applied to these segments, so that one beyond them is a mistake (classes 19 and 20). A list whose limits are
    /// applied while it is read has none.</summary>
    public bool AreCut { get; init; }
}
