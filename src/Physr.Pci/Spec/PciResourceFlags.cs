// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Bits of the third column of sysfs <c>resource</c> (Linux <c>IORESOURCE_*</c>) that Physr reads.</summary>
[Flags]
public enum PciResourceFlags : ulong
{
    /// <summary>No bit: the line describes nothing.</summary>
    None = 0,

    /// <summary>I/O ports.</summary>
    Io = 0x100,

    /// <summary>Memory.</summary>
    Memory = 0x200,

    /// <summary>Prefetchable: reads have no side effects.</summary>
    Prefetchable = 0x2000,

    /// <summary>A 64-bit register.</summary>
    Memory64 = 0x100000,

    /// <summary>A bridge's window.</summary>
    Window = 0x200000,

    /// <summary>No address has been assigned yet; the range holds the size only.</summary>
    Unset = 0x20000000,
}
