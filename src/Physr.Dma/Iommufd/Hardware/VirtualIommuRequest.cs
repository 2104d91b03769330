// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>Which virtual IOMMU is asked for.</summary>
/// <param name="Type">Its kind (<c>enum iommu_viommu_type</c>).</param>
/// <param name="Parent">The second stage of everything in it.</param>
/// <param name="Data">The driver's own words, empty for none. What it writes here goes back to the user.</param>
/// <param name="Port">The way back from the hardware to the user.</param>
public readonly record struct VirtualIommuRequest(uint Type, IIommuDomain Parent, Memory<byte> Data, VirtualIommuPort Port);
