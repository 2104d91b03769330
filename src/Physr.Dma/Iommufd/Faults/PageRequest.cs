// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Faults;

/// <summary>One page request of a device (PCIe's PRI; the kernel's <c>iommu_fault</c>).</summary>
/// <param name="Flags">Whether a PASID is named, and whether it is the last of its group.</param>
/// <param name="Pasid">The PASID; without meaning where the flags do not say so.</param>
/// <param name="GroupId">The device's own number for the group: all requests of a group are answered at once.</param>
/// <param name="Permissions">What it wanted to do.</param>
/// <param name="Address">Where.</param>
public readonly record struct PageRequest(PageFaultFlags Flags, uint Pasid, uint GroupId, PageFaultPermissions Permissions, DmaAddress Address)
{
    /// <summary>Whether its group is complete with it.</summary>
    public bool IsLast => (Flags & PageFaultFlags.LastPage) != PageFaultFlags.None;

    /// <summary>The PASID it was made under; 0 for none.</summary>
    public uint EffectivePasid => (Flags & PageFaultFlags.PasidValid) != PageFaultFlags.None ? Pasid : 0;
}
