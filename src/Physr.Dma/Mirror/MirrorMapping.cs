// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Mirror;

/// <summary>The DMA side of a range of a process's memory that a device mirrors: page by page, as pages come and go, in one run of IO virtual addresses reserved for the whole range where the
/// device has an IOMMU (the kernel's <c>hmm_dma_map</c>, row R41).</summary>
/// <remarks>One thread at a time, as the mirror's own lock sees to.</remarks>
public sealed class MirrorMapping : IDisposable
{
    private const DmaAttributes Always = DmaAttributes.RequireCoherent;

    private readonly IDmaMapper _mapper;
    private readonly MemoryMap _memory;
    private readonly IP2PRoutes _routes;
    private readonly MirrorFrame[] _frames;
    private readonly DmaAddress[]? _addresses;
    private IovaReservation _window;

    private MirrorMapping(IDmaMapper mapper, MemoryMap memory, IP2PRoutes routes, DmaDevice device, int pages, ulong pageSize)
    {
        _mapper = mapper;
        _memory = memory;
        _routes = routes;
        Device = device;
        PageBytes = pageSize;
        _frames = new MirrorFrame[pages];
        if (!mapper.TryReserve(device, default, (ulong)pages * pageSize, out _window) && device.Domain is not null)
        {
            _addresses = new DmaAddress[pages];
        }
    }

    /// <summary>Who mirrors.</summary>
    public DmaDevice Device { get; }

    /// <summary>Bytes in a page, a power of two.</summary>
    public ulong PageBytes { get; }

    /// <summary>What is known of each page; a new look at the page tables is put here by <see cref="MirrorFrame.Refresh"/>.</summary>
    public Span<MirrorFrame> Frames => _frames;

    /// <summary>Whether one run of addresses is reserved for all of it.</summary>
    public bool HasWindow => _window.IsReserved;

    /// <summary>Prepares to mirror (<c>hmm_dma_map_alloc</c>).</summary>
    /// <param name="mapper">What maps.</param>
    /// <param name="memory">The machine's memory, which knows whose a page is.</param>
    /// <param name="routes">How peers are reached.</param>
    /// <param name="device">Who mirrors.</param>
    /// <param name="pages">How many pages.</param>
    /// <param name="pageSize">Bytes in each: a power of two, at least 4 KiB, and the IOMMU's granule where there is one.</param>
    /// <param name="mapping">The mapping; null on failure.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for a device that might need bounce slots: the CPU and it would see different bytes (row R41d); <see cref="Errno.EINVAL"/>.</returns>
    public static Errno TryCreate(
        IDmaMapper mapper, MemoryMap memory, IP2PRoutes routes, DmaDevice device, int pages, ulong pageSize, out MirrorMapping? mapping)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(device);
        mapping = null;
        ulong granule = device.Domain?.Iova.Granule ?? PageSize.Size4K;
        if (pages <= 0 || pageSize < PageSize.Size4K || (pageSize & (pageSize - 1)) != 0 || pageSize < granule)
        {
            return Errno.EINVAL;
        }

        if (device.IsUntrusted || (device.Domain is null && memory.PhysicalEnd.Value - 1 > device.Mask))
        {
            return Errno.EOPNOTSUPP;
        }

        mapping = new(mapper, memory, routes, device, pages, pageSize);
        return Errno.None;
    }

    /// <summary>Maps one page of <see cref="Frames"/> (<c>hmm_dma_map_pfn</c>). One that is mapped gives the address it has: more rights on the CPU's side need no new link (row R41b).</summary>
    /// <param name="index">Which.</param>
    /// <param name="address">Where the device finds it; <see cref="DmaAddress.MappingError"/> on failure.</param>
    /// <returns><see cref="Errno.EFAULT"/> for a page that is not valid or is device-private; <see cref="Errno.EREMOTEIO"/> for a peer's that the device cannot reach; else what the mapper says.</returns>
    public Errno TryMapPage(int index, out DmaAddress address)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_frames.Length, nameof(index));
        ref MirrorFrame frame = ref _frames[index];
        address = DmaAddress.MappingError;
        if (frame.IsPrivateOffset)
        {
            return Errno.EFAULT;
        }

        PhysicalRange page = new(frame.Frame.Address, PageBytes);
        if (!frame.Has(MirrorFlags.Valid) || frame.Has(MirrorFlags.Error) || _memory.TouchesPrivate(page))
        {
            return Errno.EFAULT;
        }

        if (frame.Has(MirrorFlags.DmaMapped) && !frame.Has(MirrorFlags.BusAddress))
        {
            address = KnownAddress(index, page);
            return Errno.None;
        }

        P2PProvider? peer = PeerOf(page);
        P2PMapType type = peer is null ? P2PMapType.None : _routes.MapTypeOf(peer, Device);
        switch (type)
        {
            case P2PMapType.BusAddress:
                // Stateless: nobody has to take it back (row R41c).
                address = peer!.BusAddress(page.Start);
                frame = frame.With(MirrorFlags.BusAddress | MirrorFlags.DmaMapped);
                return Errno.None;
            case P2PMapType.None:
            case P2PMapType.ThroughHostBridge:
                Errno errno = Map(index, page, type == P2PMapType.None ? Always : Always | DmaAttributes.Mmio, out address);
                if (errno == Errno.None)
                {
                    frame = frame.With(MirrorFlags.DmaMapped | (type == P2PMapType.None ? MirrorFlags.None : MirrorFlags.PeerToPeer));
                }

                return errno;
            default:
                return Errno.EREMOTEIO;
        }
    }

    /// <summary>Unmaps one page (<c>hmm_dma_unmap_pfn</c>), before the CPU's side takes it away.</summary>
    /// <returns>Whether it was mapped.</returns>
    public bool UnmapPage(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_frames.Length, nameof(index));
        ref MirrorFrame frame = ref _frames[index];
        if (!frame.Has(MirrorFlags.Valid | MirrorFlags.DmaMapped))
        {
            return false;
        }

        if (!frame.Has(MirrorFlags.BusAddress))
        {
            DmaAttributes attributes = frame.Has(MirrorFlags.PeerToPeer) ? Always | DmaAttributes.Mmio : Always;
            if (HasWindow)
            {
                _mapper.Unlink(Device, ref _window, (ulong)index * PageBytes, PageBytes, DmaDirection.Bidirectional, attributes);
            }
            else
            {
                _mapper.UnmapPhys(Device, KnownAddress(index, new(frame.Frame.Address, PageBytes)), PageBytes, DmaDirection.Bidirectional, attributes);
            }
        }

        frame = frame.Without(MirrorFlags.Sticky);
        return true;
    }

    /// <summary>Unmaps what is mapped and gives the addresses back (<c>hmm_dma_map_free</c>).</summary>
    public void Dispose()
    {
        for (int i = 0; i < _frames.Length; i++)
        {
            UnmapPage(i);
        }

        if (HasWindow)
        {
            _mapper.Free(Device, ref _window);
        }
    }

    private Errno Map(int index, PhysicalRange page, DmaAttributes attributes, out DmaAddress address)
    {
        address = DmaAddress.MappingError;
        if (!HasWindow)
        {
            DmaMapError? error = _mapper.TryMapPhys(Device, page, DmaDirection.Bidirectional, attributes, out address);
            if (_addresses is not null && error is null)
            {
                _addresses[index] = address;
            }

            return error?.Errno ?? Errno.None;
        }

        ulong offset = (ulong)index * PageBytes;
        Errno errno = _mapper.Link(Device, ref _window, page, offset, DmaDirection.Bidirectional, attributes);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = _mapper.Sync(Device, ref _window, offset, PageBytes);
        if (errno != Errno.None)
        {
            _mapper.Unlink(Device, ref _window, offset, PageBytes, DmaDirection.Bidirectional, attributes);
            return errno;
        }

        address = _window.Address.Add(offset);
        return Errno.None;
    }

    /// <summary>Without an IOMMU the address is the page's own, so that none has to be kept.</summary>
    private DmaAddress KnownAddress(int index, PhysicalRange page) =>
        HasWindow ? _window.Address.Add((ulong)index * PageBytes) : _addresses is not null ? _addresses[index] : new(page.Start.Value);

    private P2PProvider? PeerOf(PhysicalRange page) =>
        _memory.TryFindOwner(page.Start, out Owner owner) && !owner.Provider.IsRam ? _memory.Provider(owner.Provider) : null;
}
