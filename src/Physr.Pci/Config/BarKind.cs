// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Config;

/// <summary>What a base address register decodes (PCI 3.0, 6.2.5.1).</summary>
public enum BarKind
{
    /// <summary>I/O ports.</summary>
    Io = 0,

    /// <summary>Memory below 4 GiB.</summary>
    Memory32 = 1,

    /// <summary>Memory anywhere; the next register holds the upper half of the address.</summary>
    Memory64 = 2,
}
