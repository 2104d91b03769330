// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Byte offsets of the registers of configuration space (PCI Local Bus 3.0, chapter 6; PCI-to-PCI Bridge 1.2, chapter 3).</summary>
public static class ConfigRegister
{
    /// <summary>Vendor id, 16 bits; all ones where nobody answers, and in every SR-IOV virtual function.</summary>
    public const int VendorId = 0x00;

    /// <summary>Device id, 16 bits.</summary>
    public const int DeviceId = 0x02;

    /// <summary>Command, 16 bits: see <see cref="PciCommand"/>.</summary>
    public const int Command = 0x04;

    /// <summary>Status, 16 bits: see <see cref="PciStatus"/>.</summary>
    public const int Status = 0x06;

    /// <summary>Revision, 8 bits; the class code follows.</summary>
    public const int Revision = 0x08;

    /// <summary>Class code, 24 bits: programming interface, subclass, base class.</summary>
    public const int ClassCode = 0x09;

    /// <summary>Header type, 8 bits: see <see cref="PciHeaderType"/>; bit 7 says that the device has several functions.</summary>
    public const int HeaderType = 0x0e;

    /// <summary>The first base address register; type 0 has six, type 1 has two, 32 bits each.</summary>
    public const int BaseAddress0 = 0x10;

    /// <summary>Type 1: primary bus number, 8 bits.</summary>
    public const int PrimaryBus = 0x18;

    /// <summary>Type 1: secondary bus number, 8 bits.</summary>
    public const int SecondaryBus = 0x19;

    /// <summary>Type 1: subordinate bus number, 8 bits.</summary>
    public const int SubordinateBus = 0x1a;

    /// <summary>Type 1: I/O window base, 8 bits; the limit follows.</summary>
    public const int IoBase = 0x1c;

    /// <summary>Type 1: memory window base, 16 bits, in MiB in its upper 12 bits; the limit follows.</summary>
    public const int MemoryBase = 0x20;

    /// <summary>Type 1: memory window limit, 16 bits.</summary>
    public const int MemoryLimit = 0x22;

    /// <summary>Type 1: prefetchable window base, 16 bits; bit 0 says that the upper half exists.</summary>
    public const int PrefetchableBase = 0x24;

    /// <summary>Type 1: prefetchable window limit, 16 bits.</summary>
    public const int PrefetchableLimit = 0x26;

    /// <summary>Type 1: upper 32 bits of the prefetchable base.</summary>
    public const int PrefetchableBaseUpper = 0x28;

    /// <summary>Type 1: upper 32 bits of the prefetchable limit.</summary>
    public const int PrefetchableLimitUpper = 0x2c;

    /// <summary>Type 0: subsystem vendor id, 16 bits; the subsystem id follows.</summary>
    public const int SubsystemVendorId = 0x2c;

    /// <summary>Type 0: subsystem id, 16 bits.</summary>
    public const int SubsystemId = 0x2e;

    /// <summary>Offset of the first standard capability, 8 bits (type 0 and 1).</summary>
    public const int CapabilityPointer = 0x34;

    /// <summary>Type 2 (CardBus): offset of the first standard capability, 8 bits.</summary>
    public const int CardBusCapabilityPointer = 0x14;

    /// <summary>Interrupt line, 8 bits, the host's to write.</summary>
    public const int InterruptLine = 0x3c;

    /// <summary>Interrupt pin, 8 bits: 0 none, 1 to 4 for INTA to INTD.</summary>
    public const int InterruptPin = 0x3d;

    /// <summary>Type 1: bridge control, 16 bits.</summary>
    public const int BridgeControl = 0x3e;

    /// <summary>Bytes of the standard header: what Linux shows of <c>config</c> without <c>CAP_SYS_ADMIN</c>.</summary>
    public const int HeaderLength = 0x40;

    /// <summary>Bytes of conventional configuration space.</summary>
    public const int ConventionalLength = 0x100;

    /// <summary>Bytes of PCI Express configuration space; extended capabilities start at <see cref="ConventionalLength"/>.</summary>
    public const int ExtendedLength = 0x1000;
}
