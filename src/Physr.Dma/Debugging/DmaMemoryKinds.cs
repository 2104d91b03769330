// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>What a physical range is made of; a range may be of several kinds.</summary>
[Flags]
public enum DmaMemoryKinds
{
    /// <summary>Not known: nothing is checked.</summary>
    Unknown = 0,

    /// <summary>RAM.</summary>
    Ram = 1,

    /// <summary>Registers or memory of a device, reached through an aperture.</summary>
    Mmio = 2,

    /// <summary>A stack.</summary>
    Stack = 4,

    /// <summary>The kernel's text or read-only data.</summary>
    KernelText = 8,

    /// <summary>Contiguous in virtual addresses only.</summary>
    Vmalloc = 16,

    /// <summary>Device memory with page descriptors (<c>ZONE_DEVICE</c>).</summary>
    ZoneDevice = 32,

    /// <summary>Nothing answers there.</summary>
    Invalid = 64,
}
