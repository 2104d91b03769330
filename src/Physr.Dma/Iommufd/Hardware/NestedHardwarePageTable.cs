// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Faults;

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>A guest's own page table over a nesting parent (<c>struct iommufd_hwpt_nested</c>): made for a device directly, or by a virtual IOMMU.</summary>
public sealed class NestedHardwarePageTable : HardwarePageTable
{
    private readonly PagingHardwarePageTable _parent;
    private readonly INestedDomain _domain;

    internal NestedHardwarePageTable(IommufdContext context, uint id, PagingHardwarePageTable parent, VirtualIommu? viommu, INestedDomain domain, IommuDomainFlags flags, FaultQueue? faults)
        : base(context, IommufdObjectKind.NestedTable, id, domain, flags, faults)
    {
        _parent = parent;
        _domain = domain;
        VirtualIommu = viommu;
    }

    /// <summary>The virtual IOMMU that made it; null where none did.</summary>
    public VirtualIommu? VirtualIommu { get; }

    /// <summary>The nesting parent.</summary>
    public override PagingHardwarePageTable Paging => _parent;

    /// <summary>Makes the hardware forget what the guest changed (<c>IOMMU_HWPT_INVALIDATE</c>).</summary>
    /// <inheritdoc cref="INestedDomain.Invalidate"/>
    public Errno Invalidate(in InvalidationRequests requests, out uint done) => _domain.Invalidate(in requests, out done);

    /// <inheritdoc/>
    internal override Errno AttachDevice(IommufdDevice device, uint pasid, HardwarePageTable? replaced) =>
        VirtualIommu is null || ReferenceEquals(device.VirtualDevice?.VirtualIommu, VirtualIommu)
            ? base.AttachDevice(device, pasid, replaced)
            : Errno.ENOENT;

    /// <inheritdoc/>
    internal override void Release()
    {
        base.Release();
        if (VirtualIommu is null)
        {
            _parent.EndUse();
        }
        else
        {
            VirtualIommu.EndUse();
        }
    }
}
