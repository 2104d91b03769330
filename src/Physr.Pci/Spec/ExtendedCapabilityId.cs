// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Ids of extended capabilities (PCI Code and ID Assignment, section 3).</summary>
public enum ExtendedCapabilityId : ushort
{
    /// <summary>Null: skipped.</summary>
    Null = 0x0000,

    /// <summary>Advanced error reporting.</summary>
    AdvancedErrorReporting = 0x0001,

    /// <summary>Device serial number.</summary>
    DeviceSerialNumber = 0x0003,

    /// <summary>Access control services: see <see cref="AcsControl"/>.</summary>
    AccessControlServices = 0x000d,

    /// <summary>Alternative routing-id interpretation.</summary>
    AlternativeRoutingId = 0x000e,

    /// <summary>Address translation services.</summary>
    AddressTranslationServices = 0x000f,

    /// <summary>Single-root I/O virtualization.</summary>
    SingleRootIov = 0x0010,
}
