// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>An IOMMU as hardware: a device table from requester and PASID to a domain, an IOTLB, and a log of refused accesses. Thread-safe: devices access while drivers
/// attach, map and unmap.</summary>
/// <remarks>
/// <para>One lock guards the device table and the IOTLB, and an access holds it from the look-up to the end of the walk. So an invalidation, which takes it too, cannot
/// pass by a walk that found the old entry and has not remembered it yet, and after an invalidation no walk is in the tables that were unlinked before it.</para>
/// <para>A translation is what was true when it was asked for: the caller's bytes move after it, as a posted write leaves the IOMMU.</para>
/// </remarks>
public sealed partial class IommuUnit
{
    /// <summary>Messages to these addresses are interrupts (Intel SDM volume 3, section 11.11.1): they are never translated, and no domain may map them.</summary>
    public static readonly DmaRange InterruptWindow = new(new(0xfee0_0000), 1UL << 20);

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, IommuContext> _contexts = [];
    private readonly Dictionary<IommuDomain, IommuDomainSlot> _slots = [];
    private readonly Stack<ushort> _freeIds = new();
    private readonly IommuUnitOptions _options;
    private readonly Iotlb _iotlb;
    private ushort _lastId;

    /// <summary>Makes an IOMMU to which nothing is attached.</summary>
    /// <param name="name">For messages: <c>dmar0</c>.</param>
    /// <param name="options">Its sizes; null is the default.</param>
    public IommuUnit(string name, IommuUnitOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _options = options ?? new();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.MaxDomains, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_options.MaxDomains, ushort.MaxValue, nameof(options));
        _iotlb = new(_options.IotlbEntries);
        Faults = new(_options.FaultRecords);
        Name = name;
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The accesses that were refused.</summary>
    public IommuFaultLog Faults { get; }

    /// <summary>What the IOTLB has done so far.</summary>
    public IotlbStatistics Statistics
    {
        get
        {
            lock (_lock)
            {
                return new(_hits, _misses, _tableReads, _dirtyWalks, _rangeInvalidations, _domainInvalidations, _globalInvalidations, _dropped, _iotlb.Evictions, _iotlb.Live);
            }
        }
    }

    /// <summary>Rows of the device table, PASIDs included.</summary>
    public int Attachments
    {
        get
        {
            lock (_lock)
            {
                return _contexts.Count;
            }
        }
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private static ulong KeyOf(RequesterId requester, Pasid pasid) => ((ulong)requester.Value << 20) | pasid.Value;
}
