// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Faults;

namespace Physr.Dma.Iommufd;

/// <summary>A page table of an IOMMU to which devices attach (<c>struct iommufd_hw_pagetable</c>): one that follows an address space, or a guest's own on top of such a one.</summary>
public abstract class HardwarePageTable : IommufdObject
{
    private protected HardwarePageTable(IommufdContext context, IommufdObjectKind kind, uint id, IIommuDomain domain, IommuDomainFlags flags, FaultQueue? faults)
        : base(context, kind, id)
    {
        Domain = domain;
        Flags = flags;
        Faults = faults;
    }

    /// <summary>What devices are attached to.</summary>
    public IIommuDomain Domain { get; }

    /// <summary>What it was asked to be able to do.</summary>
    public IommuDomainFlags Flags { get; }

    /// <summary>Where page faults of attached devices wait; null where they fail at once. It is used by this table.</summary>
    public FaultQueue? Faults { get; }

    /// <summary>The table at the bottom, which follows an address space: itself unless it is nested.</summary>
    public abstract PagingHardwarePageTable Paging { get; }

    /// <summary>Points a device's accesses at it, in place of <paramref name="replaced"/>; on failure nothing changes.</summary>
    /// <param name="device">The device, whose lock is held.</param>
    /// <param name="pasid">Which of its address spaces.</param>
    /// <param name="replaced">What it is attached to now.</param>
    internal virtual Errno AttachDevice(IommufdDevice device, uint pasid, HardwarePageTable? replaced) =>
        Faults is null || device.Hardware.Capabilities.HasFlag(IommuCapabilities.PageFaults) ? device.Hardware.Attach(Domain, pasid) : Errno.EINVAL;

    /// <summary>Ends what <see cref="AttachDevice"/> began: told after the device was pointed elsewhere or blocked.</summary>
    internal virtual void DeviceLeft(IommufdDevice device, uint pasid) => device.CancelPageFaults(Faults, pasid);

    /// <inheritdoc/>
    internal override void Release()
    {
        (Domain as IDisposable)?.Dispose();
        Faults?.EndUse();
    }
}
