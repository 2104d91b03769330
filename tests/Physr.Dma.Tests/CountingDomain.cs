// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests;

/// <summary>An IOMMU domain that counts and keeps nothing: for tests of what the mapper itself does.</summary>
internal sealed class CountingDomain : IIommuDomain
{
    public long MappedBytes { get; private set; }

    public int Flushes { get; private set; }

    public ulong PageSizes => 4096;

    public DmaRange Aperture => new(default, 1UL << 48);

    public bool SupportsDirtyTracking => false;

    public Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access)
    {
        MappedBytes += (long)length;
        return Errno.None;
    }

    public ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather)
    {
        MappedBytes -= (long)length;
        gather.Add(iova, length);
        return length;
    }

    public void Sync(IotlbGather gather) => Flushes++;

    public void FlushAll() => Flushes++;

    public bool TryTranslate(DmaAddress iova, out IommuTranslation translation)
    {
        translation = default;
        return false;
    }

    public Errno SetDirtyTracking(bool isOn) => Errno.EOPNOTSUPP;

    public Errno ReadDirty(DmaRange range, bool clear, IotlbGather gather, Action<DmaRange> dirty) => Errno.EOPNOTSUPP;
}
