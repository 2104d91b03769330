// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>A paging domain of 2 KiB pages and 1 MiB leaves in a dictionary (section 4.2's mock). A large leaf cannot be unmapped in part.</summary>
internal sealed class MockDomain(bool supportsDirtyTracking) : IIommuDomain, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, (ulong Physical, IommuAccess Access, ulong Size)> _leaves = [];
    private readonly HashSet<ulong> _dirty = [];

    public bool IsDisposed { get; private set; }

    public bool IsTracking { get; private set; }

    public ulong PageSizes => Mock.PageSize | Mock.HugePageSize;

    public DmaRange Aperture => DmaRange.FromBounds(new(Mock.ApertureStart), new(Mock.ApertureEnd));

    public bool SupportsDirtyTracking => supportsDirtyTracking;

    public int LeafCount
    {
        get
        {
            lock (_lock)
            {
                return _leaves.Count;
            }
        }
    }

    public int HugeLeafCount
    {
        get
        {
            lock (_lock)
            {
                return _leaves.Values.Count(static leaf => leaf.Size == Mock.HugePageSize);
            }
        }
    }

    public Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access)
    {
        if (((iova.Value | physical.Value | length) & (Mock.PageSize - 1)) != 0 || length == 0)
        {
            return Errno.EINVAL;
        }

        if (!Aperture.Contains(new DmaRange(iova, length)))
        {
            return Errno.ERANGE;
        }

        lock (_lock)
        {
            Assert.False(IsDisposed);
            for (ulong at = 0; at < length; at += Mock.PageSize)
            {
                if (TryFind(iova.Value + at, out _, out _))
                {
                    return Errno.EEXIST;
                }
            }

            for (ulong at = 0; at < length;)
            {
                bool isHuge = ((iova.Value + at) | (physical.Value + at)) % Mock.HugePageSize == 0 && length - at >= Mock.HugePageSize;
                ulong size = isHuge ? Mock.HugePageSize : Mock.PageSize;
                _leaves.Add(iova.Value + at, (physical.Value + at, access, size));
                at += size;
            }

            return Errno.None;
        }
    }

    public ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather)
    {
        lock (_lock)
        {
            ulong done = 0;
            while (done < length && _leaves.TryGetValue(iova.Value + done, out (ulong Physical, IommuAccess Access, ulong Size) leaf))
            {
                Assert.True(leaf.Size <= length - done, "part of a large leaf was unmapped");
                _leaves.Remove(iova.Value + done);
                done += leaf.Size;
            }

            gather.Add(iova, done);
            return done;
        }
    }

    public void Sync(IotlbGather gather)
    {
    }

    public void FlushAll()
    {
    }

    public bool TryTranslate(DmaAddress iova, out IommuTranslation translation)
    {
        lock (_lock)
        {
            translation = default;
            if (!TryFind(iova.Value, out ulong start, out (ulong Physical, IommuAccess Access, ulong Size) leaf))
            {
                return false;
            }

            translation = new(new(leaf.Physical + (iova.Value - start)), new(new(start), leaf.Size), leaf.Access);
            return true;
        }
    }

    public void Dirty(ulong iova)
    {
        lock (_lock)
        {
            _dirty.Add(iova & ~(Mock.PageSize - 1));
        }
    }

    public Errno SetDirtyTracking(bool isOn)
    {
        IsTracking = isOn;
        return supportsDirtyTracking ? Errno.None : Errno.EOPNOTSUPP;
    }

    public Errno ReadDirty(DmaRange range, bool clear, IotlbGather gather, Action<DmaRange> dirty)
    {
        lock (_lock)
        {
            foreach (ulong page in _dirty.Where(page => range.Contains(new DmaAddress(page))).ToArray())
            {
                dirty(new(new(page), Mock.PageSize));
                if (clear)
                {
                    _dirty.Remove(page);
                }
            }

            return Errno.None;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Assert.False(IsDisposed);
            Assert.Empty(_leaves);
            IsDisposed = true;
        }
    }

    private bool TryFind(ulong iova, out ulong start, out (ulong Physical, IommuAccess Access, ulong Size) leaf)
    {
        start = iova & ~(Mock.PageSize - 1);
        if (_leaves.TryGetValue(start, out leaf))
        {
            return true;
        }

        start = iova & ~(Mock.HugePageSize - 1);
        return _leaves.TryGetValue(start, out leaf) && leaf.Size == Mock.HugePageSize;
    }
}
