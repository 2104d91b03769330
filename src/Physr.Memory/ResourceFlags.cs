// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>What a resource is, as the kernel's <c>IORESOURCE_*</c> bits; the values are Linux's, so that sysfs <c>resource</c> files read directly.</summary>
[Flags]
public enum ResourceFlags : uint
{
    /// <summary>Nothing said.</summary>
    None = 0,

    /// <summary>I/O ports.</summary>
    IoPorts = 0x100,

    /// <summary>Memory addresses.</summary>
    Memory = 0x200,

    /// <summary>Reads have no side effect.</summary>
    Prefetch = 0x2000,

    /// <summary>A 64-bit base address register.</summary>
    Memory64 = 0x0010_0000,

    /// <summary>The modifier that makes memory system RAM (<c>IORESOURCE_SYSRAM</c>); see <see cref="SystemRam"/> for the pair.</summary>
    RamModifier = 0x0100_0000,

    /// <summary>System RAM: memory plus the RAM modifier (<c>IORESOURCE_SYSTEM_RAM</c>).</summary>
    SystemRam = Memory | RamModifier,

    /// <summary>A driver or the system uses it: a region request does not descend into it.</summary>
    Busy = 0x8000_0000,
}
