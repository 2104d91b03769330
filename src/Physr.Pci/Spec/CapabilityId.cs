// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Ids of standard capabilities (PCI Code and ID Assignment, section 2).</summary>
public enum CapabilityId : byte
{
    /// <summary>Null capability: no registers.</summary>
    Null = 0x00,

    /// <summary>Power management.</summary>
    PowerManagement = 0x01,

    /// <summary>Message signalled interrupts.</summary>
    Msi = 0x05,

    /// <summary>Vendor specific.</summary>
    VendorSpecific = 0x09,

    /// <summary>PCI Express.</summary>
    PciExpress = 0x10,

    /// <summary>MSI-X.</summary>
    MsiX = 0x11,
}
