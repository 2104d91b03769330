// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Dma.Iommu;

/// <summary>One requester of an IOMMU, as those who hand devices out see it (iommufd, VFIO): it makes domains of the unit's format and is attached to them.</summary>
public sealed class IommuDevice : IIommuDevice
{
    private readonly IommuUnit _unit;
    private readonly RequesterId _requester;
    private readonly IoPageTableFormat _format;

    /// <summary>Makes the view of a requester; nothing is attached by that.</summary>
    /// <param name="unit">Its IOMMU.</param>
    /// <param name="requester">Who it is there.</param>
    /// <param name="format">How the tables of its domains are laid out.</param>
    /// <param name="pasidBits">Width of a process address space id, at most 20; 0 where it has only one address space.</param>
    /// <param name="reserved">IO virtual addresses that can never be mapped for it, beside the interrupt window; null is none.</param>
    public IommuDevice(IommuUnit unit, RequesterId requester, IoPageTableFormat format, int pasidBits = 0, IEnumerable<DmaRange>? reserved = null)
    {
        ArgumentNullException.ThrowIfNull(unit);
        ArgumentOutOfRangeException.ThrowIfNegative(pasidBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pasidBits, 20);
        _unit = unit;
        _requester = requester;
        _format = format;
        PasidBits = pasidBits;
        ReservedRanges = [IommuUnit.InterruptWindow, .. reserved ?? []];
    }

    /// <inheritdoc/>
    public string Name => _requester.ToString();

    /// <inheritdoc/>
    public IommuCapabilities Capabilities => IommuCapabilities.DirtyTracking | IommuCapabilities.CacheCoherency;

    /// <inheritdoc/>
    public int PasidBits { get; }

    /// <inheritdoc/>
    public IReadOnlyList<DmaRange> ReservedRanges { get; }

    /// <inheritdoc/>
    public uint HardwareInfoType => 0;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> HardwareInfo => default;

    /// <inheritdoc/>
    public Errno TryCreateDomain(IommuDomainRequest request, out IIommuDomain? domain)
    {
        domain = null;
        const IommuDomainFlags Possible = IommuDomainFlags.DirtyTracking | IommuDomainFlags.Pasid;
        if (request.Parent is not null || request.DataType != 0 || (request.Flags & ~Possible) != IommuDomainFlags.None)
        {
            return Errno.EOPNOTSUPP;
        }

        if ((request.Flags & IommuDomainFlags.Pasid) != IommuDomainFlags.None && PasidBits == 0)
        {
            return Errno.EOPNOTSUPP;
        }

        try
        {
            domain = new IommuDomain(_format);
            return Errno.None;
        }
        catch (PhysrException failure) when (failure.Errno == Errno.ENOMEM)
        {
            return Errno.ENOMEM;
        }
    }

    /// <inheritdoc/>
    public Errno Attach(IIommuDomain domain, uint pasid) =>
        domain is IommuDomain ours && ours.Format == _format && pasid < 1UL << PasidBits ? _unit.Replace(_requester, new(pasid), ours) : Errno.EINVAL;

    /// <inheritdoc/>
    public void Detach(uint pasid) => _unit.Detach(_requester, new(pasid));
}
