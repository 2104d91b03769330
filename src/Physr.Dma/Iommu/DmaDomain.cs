// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iova;

namespace Physr.Dma.Iommu;

/// <summary>The DMA API's own translation for a device: an IOMMU domain, the IO virtual addresses in it, and when its unmaps are flushed. Thread-safe.</summary>
public sealed class DmaDomain
{
    /// <summary>Makes one.</summary>
    /// <param name="domain">What devices are attached to.</param>
    /// <param name="iova">The addresses in it; its granule is the domain's smallest page or a multiple of it.</param>
    /// <param name="mode">When unmaps are flushed.</param>
    public DmaDomain(IIommuDomain domain, IovaAllocator iova, IommuFlushMode mode)
    {
        ArgumentNullException.ThrowIfNull(domain);
        ArgumentNullException.ThrowIfNull(iova);
        Domain = domain;
        Iova = iova;
        Mode = mode;
    }

    /// <summary>The translation.</summary>
    public IIommuDomain Domain { get; }

    /// <summary>The addresses in it.</summary>
    public IovaAllocator Iova { get; }

    /// <summary>When unmaps are flushed.</summary>
    public IommuFlushMode Mode { get; }

    /// <summary>Ends the use of a run whose parts were unmapped: flushes and gives the addresses back, now or later.</summary>
    /// <param name="address">The run as the allocator gave it.</param>
    /// <param name="length">The length as it was asked for.</param>
    /// <param name="gather">What the unmaps left to do; empty afterwards.</param>
    public void Release(DmaAddress address, ulong length, IotlbGather gather)
    {
        ArgumentNullException.ThrowIfNull(gather);
        Domain.Sync(gather);
        gather.Reset();
        Iova.Free(address, length);
    }
}
