// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Faults;

namespace Physr.Dma.Iommufd;

/// <summary>A page table that follows an I/O address space: what is mapped there is mapped here (<c>struct iommufd_hwpt_paging</c>).</summary>
public sealed partial class PagingHardwarePageTable : HardwarePageTable
{
    internal PagingHardwarePageTable(IommufdContext context, uint id, IoAddressSpace ioas, IIommuDomain domain, IommuDomainFlags flags, FaultQueue? faults, bool isAutomatic)
        : base(context, IommufdObjectKind.PagingTable, id, domain, flags, faults)
    {
        Ioas = ioas;
        IsAutomatic = isAutomatic;
    }

    /// <summary>The address space it follows.</summary>
    public IoAddressSpace Ioas { get; }

    /// <summary>Whether it was made by attaching a device to the address space itself; it goes with its last device.</summary>
    public bool IsAutomatic { get; }

    /// <inheritdoc/>
    public override PagingHardwarePageTable Paging => this;

    /// <inheritdoc/>
    internal override void Release()
    {
        Ioas.ForgetAutomatic(this);
        try
        {
            Ioas.RemoveDomain(Domain);
            base.Release();
        }
        finally
        {
            Ioas.EndUse();
        }
    }
}
