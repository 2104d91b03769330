// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Bench;

/// <summary>A page table as a domain of its own, in front of which there is no IOMMU: a sync has nothing to invalidate and frees what was unlinked.</summary>
internal sealed class BareTableDomain(IoPageTable table) : IIommuDomain
{
    public ulong PageSizes => table.PageSizes;

    public DmaRange Aperture => table.Aperture;

    public bool SupportsDirtyTracking => false;

    public Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access) => table.Map(iova, physical, length, access);

    public ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather) => table.Unmap(iova, length, gather);

    public void Sync(IotlbGather gather)
    {
        if (gather.FreedTables.Count != 0)
        {
            table.FreeTables(gather);
        }

        gather.Reset();
    }

    public void FlushAll()
    {
    }

    public bool TryTranslate(DmaAddress iova, out IommuTranslation translation) => table.TryTranslate(iova, out translation);

    public Errno SetDirtyTracking(bool isOn) => Errno.EOPNOTSUPP;

    public Errno ReadDirty(DmaRange range, bool clear, IotlbGather gather, Action<DmaRange> dirty) => Errno.EOPNOTSUPP;
}
