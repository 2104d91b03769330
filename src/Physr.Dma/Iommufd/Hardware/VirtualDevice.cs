// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>A device under the name by which a guest knows it (<c>struct iommufd_vdevice</c>). When the device is unbound first this goes with it, and its id is never used
/// again: a guest that still holds it meets nobody else.</summary>
public sealed class VirtualDevice : IommufdObject
{
    internal VirtualDevice(IommufdContext context, uint id, VirtualIommu viommu, IommufdDevice device, ulong virtualId)
        : base(context, IommufdObjectKind.VirtualDevice, id)
    {
        VirtualIommu = viommu;
        Device = device;
        VirtualId = virtualId;
    }

    /// <summary>Whose name it is.</summary>
    public VirtualIommu VirtualIommu { get; }

    /// <summary>The device.</summary>
    public IommufdDevice Device { get; }

    /// <summary>The name: a virtual RID, a stream id.</summary>
    public ulong VirtualId { get; }

    /// <inheritdoc/>
    internal override void Release()
    {
        VirtualIommu.Remove(this);
        Device.VirtualDeviceLeft(this);
        VirtualIommu.EndUse();
    }
}
