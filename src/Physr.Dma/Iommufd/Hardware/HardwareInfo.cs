// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>What a user is told of a device's IOMMU (<c>IOMMU_GET_HW_INFO</c>).</summary>
/// <param name="DataType">How <paramref name="Data"/> is to be read (<c>enum iommu_hw_info_type</c>); 0 for none.</param>
/// <param name="Data">The IOMMU's own words.</param>
/// <param name="Capabilities">What it can do.</param>
/// <param name="PasidBits">Width of a PASID of the device; 0 for no PASIDs.</param>
public readonly record struct HardwareInfo(uint DataType, ReadOnlyMemory<byte> Data, HardwareCapabilities Capabilities, int PasidBits)
{
    /// <summary>Asks a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="wantedType">The kind of words wanted; 0 for those of the IOMMU's own kind.</param>
    /// <param name="info">The answer.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for words that the IOMMU does not have.</returns>
    public static Errno TryGet(IIommuDevice device, uint wantedType, out HardwareInfo info)
    {
        ArgumentNullException.ThrowIfNull(device);
        info = default;
        if (wantedType != 0 && wantedType != device.HardwareInfoType)
        {
            return Errno.EOPNOTSUPP;
        }

        HardwareCapabilities capabilities = device.Capabilities.HasFlag(IommuCapabilities.DirtyTracking) ? HardwareCapabilities.DirtyTracking : HardwareCapabilities.None;
        if (device.PasidBits != 0)
        {
            capabilities |= device.Capabilities.HasFlag(IommuCapabilities.PasidExecute) ? HardwareCapabilities.PasidExecute : HardwareCapabilities.None;
            capabilities |= device.Capabilities.HasFlag(IommuCapabilities.PasidPrivileged) ? HardwareCapabilities.PasidPrivileged : HardwareCapabilities.None;
        }

        ReadOnlyMemory<byte> data = device.HardwareInfoType == 0 ? default : device.HardwareInfo;
        info = new(device.HardwareInfoType, data, capabilities, device.PasidBits);
        return Errno.None;
    }
}
