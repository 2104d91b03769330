// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Hardware;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>A nested domain that is four cached entries, so that a test sees which were invalidated.</summary>
internal sealed class MockNestedDomain(IIommuDomain parent, uint iotlb) : INestedDomain
{
    public uint[] Iotlb { get; } = [.. Enumerable.Repeat(iotlb, Mock.IotlbEntries)];

    public IIommuDomain Parent => parent;

    public bool OwnsPasids => true;

    public ulong PageSizes => parent.PageSizes;

    public DmaRange Aperture => parent.Aperture;

    public bool SupportsDirtyTracking => false;

    public Errno Invalidate(in InvalidationRequests requests, out uint done)
    {
        done = 0;
        if (requests.DataType != Mock.InvalidationType)
        {
            return Errno.EINVAL;
        }

        for (; done < requests.Count; done++)
        {
            if (requests.EntryLength != 8)
            {
                return Errno.EINVAL;
            }

            Errno errno = requests.TryRead(done, out MockInvalidation request);
            errno = errno != Errno.None ? errno
                : (request.Flags & ~Mock.InvalidateAll) != 0 ? Errno.EOPNOTSUPP
                : request.IotlbId >= Mock.IotlbEntries ? Errno.EINVAL
                : Errno.None;
            if (errno != Errno.None)
            {
                return errno;
            }

            Array.Clear(Iotlb, request.Flags != 0 ? 0 : (int)request.IotlbId, request.Flags != 0 ? Mock.IotlbEntries : 1);
        }

        return Errno.None;
    }

    public Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access) => Errno.EOPNOTSUPP;

    public ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather) => 0;

    public void Sync(IotlbGather gather)
    {
    }

    public void FlushAll()
    {
    }

    public bool TryTranslate(DmaAddress iova, out IommuTranslation translation) => parent.TryTranslate(iova, out translation);

    public Errno SetDirtyTracking(bool isOn) => Errno.EOPNOTSUPP;

    public Errno ReadDirty(DmaRange range, bool clear, IotlbGather gather, Action<DmaRange> dirty) => Errno.EOPNOTSUPP;
}
