// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Registers of the PCI Express capability, relative to its start (PCI Express Base 5.0, 7.5.3).</summary>
public static class PcieCapability
{
    /// <summary>Capabilities, 16 bits: bits 3:0 version, 7:4 <see cref="PciePortType"/>, bit 8 slot implemented.</summary>
    public const int Capabilities = 0x02;

    /// <summary>Device capabilities, 32 bits.</summary>
    public const int DeviceCapabilities = 0x04;

    /// <summary>Device control, 16 bits.</summary>
    public const int DeviceControl = 0x08;

    /// <summary>Link capabilities, 32 bits: bits 3:0 the fastest generation, 9:4 the widest link in lanes.</summary>
    public const int LinkCapabilities = 0x0c;

    /// <summary>Link control, 16 bits.</summary>
    public const int LinkControl = 0x10;

    /// <summary>Link status, 16 bits: bits 3:0 the generation, 9:4 the lanes in use.</summary>
    public const int LinkStatus = 0x12;

    /// <summary>Slot capabilities, 32 bits: bits 31:19 the physical slot number.</summary>
    public const int SlotCapabilities = 0x14;

    /// <summary>Link capabilities 2, 32 bits: bits 7:1 the generations supported.</summary>
    public const int LinkCapabilities2 = 0x2c;

    /// <summary>Link control 2, 16 bits: bits 3:0 the target generation.</summary>
    public const int LinkControl2 = 0x30;

    /// <summary>Length in bytes of version 2.</summary>
    public const int Length = 0x3c;

    /// <summary>Capabilities: a slot is connected to this port.</summary>
    public const ushort SlotImplemented = 1 << 8;
}
