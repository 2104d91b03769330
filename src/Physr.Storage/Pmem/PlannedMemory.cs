// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <summary>What kind of memory is planned.</summary>
public enum PlannedMemory
{
    /// <summary>Memory behind a provider: DMA by range lists, no page descriptors.</summary>
    PageLess = 0,

    /// <summary>A namespace of persistent memory under a file system.</summary>
    FsDax,

    /// <summary>A namespace of persistent memory that processes map by units of an alignment.</summary>
    DevDax,

    /// <summary>Device memory that the CPU cannot address.</summary>
    Private,

    /// <summary>A PCI BAR that peers reach, with page descriptors.</summary>
    PciP2P,

    /// <summary>RAM; with an alignment of 2 MiB or 1 GiB, huge pages of it.</summary>
    Ram,
}
