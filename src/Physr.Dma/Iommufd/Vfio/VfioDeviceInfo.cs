// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>What a VFIO device says of itself (<c>VFIO_DEVICE_GET_INFO</c>).</summary>
/// <param name="Flags"><c>VFIO_DEVICE_FLAGS_*</c>: 1 resettable, 2 PCI.</param>
/// <param name="Regions">Regions there are.</param>
/// <param name="Interrupts">Kinds of interrupt there are.</param>
public readonly record struct VfioDeviceInfo(uint Flags, uint Regions, uint Interrupts);
