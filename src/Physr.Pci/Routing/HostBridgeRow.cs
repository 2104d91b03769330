// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Routing;

/// <summary>One row of the kernel's list of host bridges that pass peer-to-peer traffic.</summary>
/// <param name="VendorId">Vendor of the device that stands for the host bridge.</param>
/// <param name="DeviceId">Its device id; null for any.</param>
/// <param name="SameHostBridgeOnly">Whether the row holds below one host bridge only.</param>
/// <param name="Since">The first release known to have the row.</param>
/// <param name="Name">What it is.</param>
public sealed record HostBridgeRow(ushort VendorId, ushort? DeviceId, bool SameHostBridgeOnly, KernelRelease Since, string Name);
