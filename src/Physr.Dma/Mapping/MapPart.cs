// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Mapping;

/// <summary>A run of bytes of a list on its way to be mapped: its owner has been found and its route asked.</summary>
/// <param name="Address">Physical for what goes through the IOMMU or the host bridge; else as the device puts it on the bus.</param>
/// <param name="Length">How many bytes.</param>
/// <param name="Kind">How they are reached.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MapPart(ulong Address, ulong Length, MapPartKind Kind)
{
    /// <summary>Whether the IOMMU translates it, where there is one.</summary>
    public bool IsTranslated => Kind is MapPartKind.Ram or MapPartKind.HostBridge;

    /// <summary>The physical bytes of what is translated.</summary>
    public PhysicalRange Physical => new(new(Address), Length);
}
