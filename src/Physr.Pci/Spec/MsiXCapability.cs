// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Registers of the MSI-X capability, relative to its start (PCI 3.0, 6.8.2).</summary>
public static class MsiXCapability
{
    /// <summary>Message control, 16 bits: bits 10:0 table size less one, bit 14 mask all, bit 15 enable.</summary>
    public const int Control = 0x02;

    /// <summary>Table: bits 2:0 are the BAR, the rest the offset in it, a multiple of 8 bytes.</summary>
    public const int Table = 0x04;

    /// <summary>Pending bits: bits 2:0 are the BAR, the rest the offset in it.</summary>
    public const int PendingBits = 0x08;

    /// <summary>Length in bytes.</summary>
    public const int Length = 12;

    /// <summary>Control: MSI-X is enabled.</summary>
    public const ushort Enable = 1 << 15;

    /// <summary>Control: every vector is masked.</summary>
    public const ushort MaskAll = 1 << 14;

    /// <summary>The most vectors a function can have.</summary>
    public const int MaxVectors = 2048;
}
