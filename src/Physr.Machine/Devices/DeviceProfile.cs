// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Devices;

/// <summary>What a device's configuration space says of it.</summary>
/// <param name="VendorId">The PCI vendor.</param>
/// <param name="DeviceId">The PCI device.</param>
/// <param name="ClassCode">24 bits: base class, sub-class, programming interface (0x010802 is an NVMe controller).</param>
/// <param name="Bars">The base address registers.</param>
/// <param name="MsixVectors">Entries of the MSI-X table; 0 is none.</param>
public sealed record DeviceProfile(ushort VendorId, ushort DeviceId, uint ClassCode, IReadOnlyList<BarProfile> Bars, int MsixVectors = 0);
