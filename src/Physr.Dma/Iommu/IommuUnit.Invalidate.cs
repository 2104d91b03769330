// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <content>Invalidation: the commands that a driver queues, each done when the call returns.</content>
public sealed partial class IommuUnit
{
    private long _rangeInvalidations;
    private long _domainInvalidations;
    private long _globalInvalidations;
    private long _dropped;

    /// <summary>Forgets some addresses of a domain, in one command however many they are; nothing where the domain is not attached here. Once it returns, no walk that began before is in
    /// the tables any more, even for an empty range.</summary>
    public void Invalidate(IommuDomain domain, DmaRange range)
    {
        ArgumentNullException.ThrowIfNull(domain);
        lock (_lock)
        {
            if (!range.IsEmpty && _slots.TryGetValue(domain, out IommuDomainSlot? slot))
            {
                _rangeInvalidations++;
                _dropped += _iotlb.Invalidate(slot.Id, range.Start.Value, range.End.Value);
            }
        }
    }

    /// <summary>Forgets all of a domain, in one command.</summary>
    public void InvalidateDomain(IommuDomain domain)
    {
        ArgumentNullException.ThrowIfNull(domain);
        lock (_lock)
        {
            if (_slots.TryGetValue(domain, out IommuDomainSlot? slot))
            {
                _domainInvalidations++;
                _dropped += _iotlb.Invalidate(slot.Id);
            }
        }
    }

    /// <summary>Forgets everything, in one command.</summary>
    public void InvalidateAll()
    {
        lock (_lock)
        {
            _globalInvalidations++;
            _dropped += _iotlb.InvalidateAll();
        }
    }
}
