// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;
using Physr.Memory;

namespace Physr.Dma.Tests;

/// <summary>An IOMMU domain that is a dictionary of 4 KiB granules. What was unmapped stays reachable for devices until it is flushed, as through an IOTLB.</summary>
internal sealed class TableDomain : IIommuDomain
{
    public const ulong Granule = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, (ulong Physical, IommuAccess Access)> _live = [];
    private readonly Dictionary<ulong, (ulong Physical, IommuAccess Access)> _stale = [];

    public int Flushes { get; private set; }

    public int Maps { get; private set; }

    public int Granules => _live.Count;

    public int StaleGranules => _stale.Count;

    public IAllocationGate? Gate { get; set; }

    public ulong PageSizes => Granule;

    public DmaRange Aperture => new(default, 1UL << 48);

    public bool SupportsDirtyTracking => false;

    public Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access)
    {
        if (((iova.Value | physical.Value | length) & (Granule - 1)) != 0 || length == 0)
        {
            return Errno.EINVAL;
        }

        lock (_lock)
        {
            for (ulong at = 0; at < length; at += Granule)
            {
                if (_live.ContainsKey(iova.Value + at))
                {
                    return Errno.EEXIST;
                }
            }

            if (Gate?.TryPass("table page") == false)
            {
                return Errno.ENOMEM;
            }

            for (ulong at = 0; at < length; at += Granule)
            {
                _live.Add(iova.Value + at, (physical.Value + at, access));
            }

            Maps++;
            return Errno.None;
        }
    }

    public ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather)
    {
        lock (_lock)
        {
            ulong done = 0;
            while (done < length && _live.Remove(iova.Value + done, out (ulong, IommuAccess) entry))
            {
                _stale[iova.Value + done] = entry;
                done += Granule;
            }

            if (done != 0)
            {
                gather.Add(iova, done);
            }

            return done;
        }
    }

    public void Sync(IotlbGather gather)
    {
        lock (_lock)
        {
            if (gather.IsEmpty)
            {
                return;
            }

            Flushes++;
            foreach (ulong at in _stale.Keys.Where(at => at >= gather.Start && at < gather.End).ToArray())
            {
                _stale.Remove(at);
            }
        }
    }

    public void FlushAll()
    {
        lock (_lock)
        {
            Flushes++;
            _stale.Clear();
        }
    }

    public bool TryTranslate(DmaAddress iova, out IommuTranslation translation)
    {
        lock (_lock)
        {
            ulong granule = iova.Value & ~(Granule - 1);
            bool found = _live.TryGetValue(granule, out (ulong Physical, IommuAccess Access) entry);
            translation = found ? new(new(entry.Physical + (iova.Value - granule)), new(new(granule), Granule), entry.Access) : default;
            return found;
        }
    }

    /// <summary>Where a device's access lands, which may use what was unmapped and not flushed.</summary>
    public bool TryReach(ulong iova, IommuAccess wanted, out ulong physical)
    {
        lock (_lock)
        {
            ulong granule = iova & ~(Granule - 1);
            bool found = _live.TryGetValue(granule, out (ulong Physical, IommuAccess Access) entry) || _stale.TryGetValue(granule, out entry);
            physical = entry.Physical + (iova - granule);
            return found && (entry.Access & wanted) == wanted;
        }
    }

    public Errno SetDirtyTracking(bool isOn) => Errno.EOPNOTSUPP;

    public Errno ReadDirty(DmaRange range, bool clear, IotlbGather gather, Action<DmaRange> dirty) => Errno.EOPNOTSUPP;
}
