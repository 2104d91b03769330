// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Short names of class codes (PCI Code and ID Assignment, section 1), for tables.</summary>
public static class PciClassNames
{
    /// <summary>A short name for a 24-bit class code; its base class's for subclasses not listed.</summary>
    public static string Describe(uint classCode) => (classCode >> 8) switch
    {
        0x0100 => "SCSI controller",
        0x0101 => "IDE controller",
        0x0104 => "RAID controller",
        0x0106 => "SATA controller",
        0x0107 => "SAS controller",
        0x0108 => "NVMe controller",
        0x0200 => "Ethernet controller",
        0x0207 => "InfiniBand controller",
        0x0300 => "VGA controller",
        0x0302 => "3D controller",
        0x0500 => "memory controller",
        0x0502 => "CXL memory",
        0x0600 => "host bridge",
        0x0601 => "ISA bridge",
        0x0604 => "PCI bridge",
        0x0607 => "CardBus bridge",
        0x0c03 => "USB controller",
        0x0c05 => "SMBus",
        0x1200 => "accelerator",
        _ => (classCode >> 16) switch
        {
            0x01 => "storage controller",
            0x02 => "network controller",
            0x03 => "display controller",
            0x04 => "multimedia device",
            0x05 => "memory controller",
            0x06 => "bridge",
            0x0c => "serial bus controller",
            0x10 => "encryption controller",
            0x12 => "accelerator",
            _ => "device",
        },
    };
}
