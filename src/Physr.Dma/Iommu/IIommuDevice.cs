// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>A device with an IOMMU in front of it: what that can do, and where the device's accesses are translated.</summary>
/// <remarks>Thread-safe. Attaching and detaching one process address space is done by one thread at a time; <c>IommufdDevice</c> sees to that.</remarks>
public interface IIommuDevice
{
    /// <summary>For messages: <c>0000:41:00.0</c>.</summary>
    string Name { get; }

    /// <summary>What the IOMMU can do for this device.</summary>
    IommuCapabilities Capabilities { get; }

    /// <summary>Width of a process address space id; 0 where the device has only one address space.</summary>
    int PasidBits { get; }

    /// <summary>IO virtual addresses that can never be mapped for it: MSI windows, firmware's direct maps.</summary>
    IReadOnlyList<DmaRange> ReservedRanges { get; }

    /// <summary>How <see cref="HardwareInfo"/> is to be read (<c>enum iommu_hw_info_type</c>); 0 where there is none.</summary>
    uint HardwareInfoType { get; }

    /// <summary>The IOMMU's own description of itself, for a guest's virtual IOMMU.</summary>
    ReadOnlyMemory<byte> HardwareInfo { get; }

    /// <summary>Makes a domain that this device can be attached to; it is the caller's, who disposes it if it is disposable.</summary>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for what the IOMMU cannot do, <see cref="Errno.EINVAL"/> for bad data, <see cref="Errno.ENOMEM"/>.</returns>
    Errno TryCreateDomain(IommuDomainRequest request, out IIommuDomain? domain);

    /// <summary>Translates the device's accesses by <paramref name="domain"/> from now on, in place of what did before: there is no moment between.</summary>
    /// <param name="domain">Of this or of a compatible device.</param>
    /// <param name="pasid">Which process address space; 0 is the device's own.</param>
    /// <returns><see cref="Errno.EINVAL"/> where the domain does not fit the device: the caller may try another. On failure nothing changes.</returns>
    Errno Attach(IIommuDomain domain, uint pasid);

    /// <summary>Blocks every access in that address space; does nothing where none is attached.</summary>
    void Detach(uint pasid);
}
