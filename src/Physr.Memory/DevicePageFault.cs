// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>A CPU touch of a device-private page (row R21a).</summary>
/// <param name="Address">The virtual address touched.</param>
/// <param name="Page">The page the entry names.</param>
/// <param name="IsWrite">Whether the CPU wanted to write.</param>
/// <param name="Context">The faulting address space and entry, as the layer above passes them.</param>
public readonly record struct DevicePageFault(VirtualAddress Address, DevicePage Page, bool IsWrite, object? Context);
