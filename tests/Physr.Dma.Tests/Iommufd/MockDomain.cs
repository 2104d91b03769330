// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;
using Physr.Memory;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>The suite's mock domain (section 4.2): 2 KiB pages, 1 MiB huge ones, an aperture from 16 MiB to 2 GiB. What was unmapped stays reachable for devices until it is flushed.</summary>
internal sealed class MockDomain(IAllocationGate? gate = null, bool tracksDirty = true, bool huge = true) : IIommuDomain, IDisposable
{
    public const ulong Page = 2048;
    public const ulong Huge = 1UL << 20;
    public const ulong Start = 16UL << 20;
    public const ulong Last = (1UL << 31) - 1;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Leaf> _leaves = [];
    private readonly Dictionary<ulong, Leaf> _stale = [];
    private bool _isTracking;

    public ulong PageSizes => huge ? Page | Huge : Page;

    public DmaRange Aperture => DmaRange.FromBounds(new(Start), new(Last + 1));

    public bool SupportsDirtyTracking => tracksDirty;

    public bool IsDisposed { get; private set; }

    public int Flushes { get; private set; }

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
                return _leaves.Values.Count(static leaf => leaf.Size == Huge);
            }
        }
    }

    public int StaleCount
    {
        get
        {
            lock (_lock)
            {
                return _stale.Count;
            }
        }
    }

    public Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access)
    {
        if (((iova.Value | physical.Value | length) & (Page - 1)) != 0 || length == 0)
        {
            return Errno.EINVAL;
        }

        if (!Aperture.Contains(new DmaRange(iova, length)))
        {
            return Errno.ERANGE;
        }

        lock (_lock)
        {
            List<(ulong Iova, Leaf Leaf)> leaves = [];
            for (ulong at = 0; at < length;)
            {
                (ulong from, ulong to) = (iova.Value + at, physical.Value + at);
                ulong size = huge && ((from | to) & (Huge - 1)) == 0 && length - at >= Huge ? Huge : Page;
                if (Find(from, out _) is not null || (size == Huge && Enumerable.Range(0, 512).Any(i => _leaves.ContainsKey(from + ((ulong)i * Page)))))
                {
                    return Errno.EEXIST;
                }

                leaves.Add((from, new() { Physical = to, Size = size, Access = access }));
                at += size;
            }

            // One table page for each map is fault enough: the domain is all or nothing.
            if (gate?.TryPass("table page") == false)
            {
                return Errno.ENOMEM;
            }

            leaves.ForEach(leaf => _leaves.Add(leaf.Iova, leaf.Leaf));
            return Errno.None;
        }
    }

    public ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather)
    {
        lock (_lock)
        {
            ulong done = 0;
            while (done < length && Find(iova.Value + done, out ulong start) is { } leaf)
            {
                _leaves.Remove(start);
                _stale[start] = leaf;
                gather.Add(new(start), leaf.Size);
                done = start + leaf.Size - iova.Value;
            }

            return done;
        }
    }

    public void Sync(IotlbGather gather)
    {
        lock (_lock)
        {
            if (!gather.IsEmpty)
            {
                Flushes++;
                foreach (ulong at in _stale.Keys.Where(at => at >= gather.Start && at < gather.End).ToArray())
                {
                    _stale.Remove(at);
                }
            }
        }
    }

    public void FlushAll()
    {
        lock (_lock)
        {
            _stale.Clear();
        }
    }

    public bool TryTranslate(DmaAddress iova, out IommuTranslation translation)
    {
        lock (_lock)
        {
            Leaf? leaf = Find(iova.Value, out ulong start);
            translation = leaf is null ? default : new(new(leaf.Physical + (iova.Value - start)), new(new(start), leaf.Size), leaf.Access);
            return leaf is not null;
        }
    }

    /// <summary>A device's access: where it lands, also through what was unmapped and not flushed. A write marks the leaf.</summary>
    public bool TryReach(ulong iova, bool isWrite, out ulong physical)
    {
        lock (_lock)
        {
            Leaf? leaf = Find(iova, out ulong start) ?? Stale(iova, out start);
            physical = leaf is null ? 0 : leaf.Physical + (iova - start);
            if (leaf is null || !leaf.Access.HasFlag(isWrite ? IommuAccess.Write : IommuAccess.Read))
            {
                return false;
            }

            if (isWrite && _isTracking)
            {
                leaf.IsDirty = true;
            }

            return true;
        }
    }

    public Errno SetDirtyTracking(bool isOn)
    {
        lock (_lock)
        {
            _isTracking = isOn;
            return tracksDirty ? Errno.None : Errno.EOPNOTSUPP;
        }
    }

    public Errno ReadDirty(DmaRange range, bool clear, IotlbGather gather, Action<DmaRange> dirty)
    {
        lock (_lock)
        {
            foreach ((ulong start, Leaf leaf) in _leaves)
            {
                DmaRange part = new DmaRange(new(start), leaf.Size).Intersect(range);
                if (leaf.IsDirty && !part.IsEmpty)
                {
                    dirty(part);
                    if (clear)
                    {
                        leaf.IsDirty = false;
                        gather.Add(new(start), leaf.Size);
                    }
                }
            }

            return Errno.None;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Assert.Empty(_leaves);
            Assert.Empty(_stale);
            IsDisposed = true;
        }
    }

    private Leaf? Find(ulong iova, out ulong start)
    {
        start = iova & ~(Page - 1);
        if (_leaves.TryGetValue(start, out Leaf? leaf))
        {
            return leaf;
        }

        start = iova & ~(Huge - 1);
        return _leaves.TryGetValue(start, out leaf) && leaf.Size == Huge ? leaf : null;
    }

    private Leaf? Stale(ulong iova, out ulong start)
    {
        start = iova & ~(Page - 1);
        return _stale.GetValueOrDefault(start);
    }

    private sealed class Leaf
    {
        public ulong Physical { get; init; }

        public ulong Size { get; init; }

        public IommuAccess Access { get; init; }

        public bool IsDirty { get; set; }
    }
}
