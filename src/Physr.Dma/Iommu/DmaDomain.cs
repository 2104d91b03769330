// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Iova;
using Physr.Dma.Mapping;
using Physr.Dma.PageTables;

namespace Physr.Dma.Iommu;

/// <summary>The DMA API's own translation for a device: an IOMMU domain, the IO virtual addresses in it, and when its unmaps are flushed. Thread-safe.</summary>
public sealed class DmaDomain
{
    /// <summary>The domain where it is of the usual kind, and is called without a look at its interface; null for another.</summary>
    private readonly IommuDomain? _paged;

    /// <summary>Makes one.</summary>
    /// <param name="domain">What devices are attached to.</param>
    /// <param name="iova">The addresses in it; its granule is the domain's smallest page or a multiple of it.</param>
    /// <param name="mode">When unmaps are flushed.</param>
    /// <param name="queue">Bounds of the flush queue that <see cref="IommuFlushMode.Lazy"/> has; null is the default.</param>
    public DmaDomain(IIommuDomain domain, IovaAllocator iova, IommuFlushMode mode, FlushQueueOptions? queue = null)
    {
        ArgumentNullException.ThrowIfNull(domain);
        ArgumentNullException.ThrowIfNull(iova);
        Domain = domain;
        _paged = domain as IommuDomain;
        Iova = iova;
        Mode = mode;
        Queue = mode == IommuFlushMode.Lazy ? new(domain, iova, queue) : null;
        Ledger = new(iova.Granule);
        InGranule = iova.Granule - 1;
    }

    /// <summary>The translation.</summary>
    public IIommuDomain Domain { get; }

    /// <summary>The addresses in it.</summary>
    public IovaAllocator Iova { get; }

    /// <summary>When unmaps are flushed.</summary>
    public IommuFlushMode Mode { get; }

    /// <summary>The runs that wait for a flush, in lazy mode; null in strict mode.</summary>
    public FlushQueue? Queue { get; }

    /// <summary>Takes a run of addresses; where none is left and released ones wait for a flush, flushes and tries again (row R67e).</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="mask">The highest address the device can use.</param>
    /// <param name="address">The first address of the run.</param>
    /// <returns>As <see cref="IovaAllocator.TryAllocate"/>.</returns>
    public Errno TryAllocate(ulong length, ulong mask, out DmaAddress address) => TryAllocateFor(IovaThreadSlot.Number, length, mask, out address);

    /// <summary>The bits of an address that tell a byte's place in its granule.</summary>
    internal ulong InGranule { get; }

    /// <summary>Who holds which addresses, as the mapper keeps it.</summary>
    internal MappingLedger Ledger { get; }

    /// <summary>Ends the use of a run whose parts were unmapped: flushes and gives the addresses back, now or later.</summary>
    /// <param name="address">The run as the allocator gave it.</param>
    /// <param name="length">The length as it was asked for.</param>
    /// <param name="gather">What the unmaps left to do; empty afterwards.</param>
    public void Release(DmaAddress address, ulong length, IotlbGather gather)
    {
        ArgumentNullException.ThrowIfNull(gather);
        ReleaseFor(IovaThreadSlot.Number, address, length, gather);
    }

    /// <summary>Takes a run of addresses for a thread that knows its number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Errno TryAllocateFor(int threadNumber, ulong length, ulong mask, out DmaAddress address)
    {
        Errno errno = Iova.TryAllocateFor(threadNumber, length, mask, out address);
        return errno == Errno.ENOMEM ? TryAllocateFlushed(threadNumber, length, mask, out address) : errno;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Errno TryAllocateFlushed(int threadNumber, ulong length, ulong mask, out DmaAddress address)
    {
        address = DmaAddress.MappingError;
        return Queue is { Pending: not 0 } queue && queue.Flush() != 0 ? Iova.TryAllocateFor(threadNumber, length, mask, out address) : Errno.ENOMEM;
    }

    /// <summary>Ends the use of a run for a thread that knows its number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void ReleaseFor(int threadNumber, DmaAddress address, ulong length, IotlbGather gather)
    {
        if (Queue is { } queue && (!gather.IsEmpty || gather.FreedTables.Count != 0))
        {
            queue.Add(address, length, gather);
            return;
        }

        // Strict; or nothing was ever mapped in the run, so that no IOTLB can know it.
        Sync(gather);
        Iova.FreeFor(threadNumber, address, length);
    }

    /// <summary>Maps as <see cref="IIommuDomain.Map"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access) =>
        _paged is { } domain ? domain.Map(iova, physical, length, access) : Domain.Map(iova, physical, length, access);

    /// <summary>Unmaps as <see cref="IIommuDomain.Unmap"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather) =>
        _paged is { } domain ? domain.Unmap(iova, length, gather) : Domain.Unmap(iova, length, gather);

    /// <summary>Invalidates as <see cref="IIommuDomain.Sync"/>; the gather is empty afterwards, whoever wrote the domain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Sync(IotlbGather gather)
    {
        if (_paged is { } domain)
        {
            domain.Sync(gather);
        }
        else
        {
            Domain.Sync(gather);
            if (!gather.IsEmpty || gather.FreedTables.Count != 0)
            {
                gather.Reset();
            }
        }
    }
}
