// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>Which queue the hardware is to work.</summary>
/// <param name="Type">Its kind (<c>enum iommu_hw_queue_type</c>).</param>
/// <param name="Index">Which of that kind.</param>
/// <param name="Iova">Where it is, as the guest names it.</param>
/// <param name="Memory">Where that is: one contiguous run, pinned as long as the queue lives.</param>
public readonly record struct HardwareQueueRequest(uint Type, uint Index, DmaAddress Iova, PhysicalRange Memory);
