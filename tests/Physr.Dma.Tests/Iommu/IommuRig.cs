// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iova;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.Iommu;

/// <summary>One IOMMU, one requester attached to one domain, and the DMA API's use of it.</summary>
internal sealed class IommuRig : IDisposable
{
    public const IommuAccess ReadWrite = IommuAccess.Read | IommuAccess.Write;

    public static readonly RequesterId Device = new(0, 1, 0, 0);

    public IommuRig(
        IommuFlushMode mode = IommuFlushMode.Strict, IoPageTableFormat format = IoPageTableFormat.VtdSecondStage, FlushQueueOptions? queue = null, IommuUnitOptions? unit = null)
    {
        Unit = new("iommu0", unit);
        Domain = new(format);
        Iova = new(PageSize.Size4K, new(PageSize.Size4K), new(uint.MaxValue));
        Dma = new(Domain, Iova, mode, queue ?? new() { Stripes = 1 });
        Assert.Equal(Errno.None, Unit.Attach(Device, Pasid.None, Domain));
    }

    public IommuUnit Unit { get; }

    public IommuDomain Domain { get; }

    public IovaAllocator Iova { get; }

    public DmaDomain Dma { get; }

    public DmaAddress Map(ulong physical, ulong length = PageSize.Size4K, IommuAccess access = ReadWrite)
    {
        Assert.Equal(Errno.None, Dma.TryAllocate(length, uint.MaxValue, out DmaAddress iova));
        Assert.Equal(Errno.None, Domain.Map(iova, new(physical), length, access));
        return iova;
    }

    public void Unmap(DmaAddress iova, ulong length = PageSize.Size4K)
    {
        IotlbGather gather = IotlbGather.Rent();
        Assert.Equal(length, Domain.Unmap(iova, length, gather));
        Dma.Release(iova, length, gather);
        IotlbGather.Return(gather);
    }

    /// <summary>Where an access of the device ends; null where it faults.</summary>
    public ulong? Access(DmaAddress iova, bool isWrite = false) =>
        Unit.TryAccess(Device, Pasid.None, iova, isWrite, out IommuTranslation translation, out _) ? translation.Address.Value : null;

    public void Dispose()
    {
        Dma.Queue?.Flush();
        Unit.Detach(Device, Pasid.None);
        Domain.Dispose();
        Iova.Dispose();
    }
}
