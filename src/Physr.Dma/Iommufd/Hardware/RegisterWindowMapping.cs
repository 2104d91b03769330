// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>A window of a virtual IOMMU's registers that a user has mapped. While it is, the virtual IOMMU cannot be destroyed by id.</summary>
public sealed class RegisterWindowMapping : IDisposable
{
    private VirtualIommu? _viommu;

    internal RegisterWindowMapping(VirtualIommu viommu, PhysicalRange registers)
    {
        _viommu = viommu;
        Registers = registers;
    }

    /// <summary>Where the registers are.</summary>
    public PhysicalRange Registers { get; }

    /// <summary>Whether the registers may still be used: not once it is unmapped, or the context closed.</summary>
    public bool IsMapped => Volatile.Read(ref _viommu) is { IsDestroyed: false };

    /// <summary>Unmaps; a second call does nothing.</summary>
    public void Dispose() => Interlocked.Exchange(ref _viommu, null)?.WindowUnmapped();
}
