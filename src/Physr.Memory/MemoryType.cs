// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>How device memory relates to the CPU and to page descriptors (the kernel's <c>enum memory_type</c>, row R1). It never says whether memory is
/// persistent (mission text 003).</summary>
public enum MemoryType
{
    /// <summary>Nobody set it: a pagemap of this type is refused (row R1b).</summary>
    Unset = 0,

    /// <summary>The CPU cannot address it; a CPU touch brings the page back to RAM.</summary>
    DevicePrivate = 1,

    /// <summary>The CPU addresses it coherently, but the device wants it back, so nothing pins it for long.</summary>
    DeviceCoherent = 2,

    /// <summary>A file system's direct-access memory, whose pages can move when the file is truncated.</summary>
    FsDax = 3,

    /// <summary>Device memory handed out as a character device; pages have one owner for life.</summary>
    Generic = 4,

    /// <summary>A PCI BAR that other devices may DMA to.</summary>
    PciP2P = 5,
}
