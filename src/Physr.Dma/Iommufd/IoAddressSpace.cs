// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd;

/// <summary>An I/O address space (<c>struct iommufd_ioas</c>, row R71): what is mapped where, for every page table and access that follows it.</summary>
/// <remarks>Thread-safe. Two locks, taken in this order: one of the domains, held alone to add and remove page tables and shared by whoever maps or unmaps, so that these run beside
/// one another; and one of the mappings, held alone for moments to insert and remove, and shared while bytes are pinned or copied, so that nothing is unmapped under them.
/// A mapping is seen without its pages while a call fills or empties it; only that call touches it then.</remarks>
public sealed partial class IoAddressSpace : IommufdObject
{
    private readonly SharedLock _domainsLock = new();
    private readonly SharedLock _areasLock = new();
    private readonly IovaSpace _space = new();
    private readonly List<IIommuDomain> _domains = [];
    private readonly List<IommufdAccess> _accesses = [];
    private readonly List<PagingHardwarePageTable> _automatic = [];
    private readonly Lock _automaticLock = new();
    private bool _allowsHugePages = true;

    internal IoAddressSpace(IommufdContext context, uint id)
        : base(context, IommufdObjectKind.AddressSpace, id)
    {
    }

    /// <summary>Mappings there are.</summary>
    public int AreaCount
    {
        get
        {
            _areasLock.EnterShared();
            int count = _space.Areas.Count;
            _areasLock.ExitShared();
            return count;
        }
    }

    /// <inheritdoc/>
    internal override void Release()
    {
        Errno errno = UnmapAreas(0, ulong.MaxValue, out _);
        if (errno != Errno.None)
        {
            throw new PhysrException("release", ToString(), errno, "an object that used it went without ending its use");
        }
    }
}
