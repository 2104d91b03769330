// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Bits of the command register (PCI 3.0, 6.2.2).</summary>
[Flags]
public enum PciCommand : ushort
{
    /// <summary>Nothing is enabled.</summary>
    None = 0,

    /// <summary>The function answers I/O cycles.</summary>
    IoSpace = 1 << 0,

    /// <summary>The function answers memory cycles: without it, its BARs decode nothing.</summary>
    MemorySpace = 1 << 1,

    /// <summary>The function may issue cycles of its own: DMA.</summary>
    BusMaster = 1 << 2,

    /// <summary>Parity errors are acted on.</summary>
    ParityErrorResponse = 1 << 6,

    /// <summary>Errors are reported with SERR#.</summary>
    SystemErrorEnable = 1 << 8,

    /// <summary>INTx may not be asserted.</summary>
    InterruptDisable = 1 << 10,
}
