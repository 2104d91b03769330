// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Block;

/// <summary>Maps the bytes of a block request and gives its DMA ranges one by one, as a driver builds its command (the kernel's <c>blk_rq_dma_map_iter</c>, section 1.10, row R88).</summary>
/// <remarks>Where the device has an IOMMU and no gap between ranges lies within a granule, the whole request is one range; else each physical segment is mapped by itself. Reusable: started
/// again after <see cref="End"/>, it allocates nothing. One thread at a time.</remarks>
public sealed class BlockMapping
{
    private readonly IDmaMapper _mapper;
    private readonly MemoryMap _memory;
    private readonly IP2PRoutes _routes;
    private readonly DmaDevice _device;
    private readonly BlockLimits _limits;
    private readonly List<DmaRange> _mapped = [];
    private RangeList.SegmentEnumerator _segments;
    private RangeListView _request;
    private DmaDirection _direction;
    private DmaAttributes _attributes;
    private ProviderIndex _provider;
    private P2PProvider? _held;
    private P2PMapType _type;
    private IovaReservation _window;

    /// <summary>Makes a mapping for requests of one device.</summary>
    /// <param name="mapper">What maps.</param>
    /// <param name="memory">The machine's memory.</param>
    /// <param name="routes">How peers are reached.</param>
    /// <param name="device">Who transfers.</param>
    /// <param name="limits">What its queue takes as one segment.</param>
    public BlockMapping(IDmaMapper mapper, MemoryMap memory, IP2PRoutes routes, DmaDevice device, BlockLimits limits)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(device);
        _mapper = mapper;
        _memory = memory;
        _routes = routes;
        _device = device;
        _limits = limits;
    }

    /// <summary>The range that was mapped last.</summary>
    public DmaRange Current { get; private set; }

    /// <summary>Whether the ranges are bus addresses, which no unmap releases.</summary>
    public bool IsBusAddress => _type == P2PMapType.BusAddress;

    /// <summary>Whether the request is one range of IO virtual addresses.</summary>
    public bool IsCollapsed => _window.IsReserved;

    /// <summary>Why the last step gave nothing; <see cref="BlockStatus.Ok"/> at the end of the request.</summary>
    public BlockStatus Status { get; private set; }

    /// <summary>Begins a request and maps its first range (<c>blk_rq_dma_map_iter_start</c>); whether peers are reached is asked once, of the first segment.</summary>
    /// <returns>False with <see cref="Status"/> saying why; nothing is mapped then.</returns>
    /// <exception cref="InvalidOperationException">The request before was not ended.</exception>
    public bool Start(RangeListView request, DmaDirection direction)
    {
        if (_held is not null || _mapped.Count != 0 || _window.IsReserved)
        {
            throw new InvalidOperationException("The request before was not ended.");
        }

        _request = request;
        _direction = direction;
        _attributes = DmaAttributes.None;
        _type = P2PMapType.None;
        Status = BlockStatus.Ok;
        _segments = request.Segments(_limits.Segments).GetEnumerator();
        if (!DmaMapper.IsDirection(direction) || !_segments.MoveNext())
        {
            Status = BlockStatus.Invalid;
            return false;
        }

        _provider = _segments.Current.Provider;
        Status = HoldPeer();
        if (Status == BlockStatus.Ok && !IsBusAddress && CanCollapse() && _mapper.TryReserve(_device, _segments.Current.Range.Start, request.Length, out _window))
        {
            Status = Collapse();
        }
        else if (Status == BlockStatus.Ok)
        {
            Status = MapCurrent();
        }

        if (Status != BlockStatus.Ok)
        {
            End();
        }

        return Status == BlockStatus.Ok;
    }

    /// <summary>Maps the next range (<c>blk_rq_dma_map_iter_next</c>).</summary>
    /// <returns>False at the end, and on failure, which <see cref="Status"/> tells: everything mapped for the request is unmapped then.</returns>
    public bool MoveNext()
    {
        if (Status != BlockStatus.Ok || IsCollapsed || !_segments.MoveNext())
        {
            return false;
        }

        Status = MapCurrent();
        if (Status != BlockStatus.Ok)
        {
            End();
        }

        return Status == BlockStatus.Ok;
    }

    /// <summary>Ends the request: unmaps what was mapped (<c>blk_rq_dma_unmap</c>). Once ended, it does nothing.</summary>
    public void End()
    {
        if (_window.IsReserved)
        {
            _mapper.Destroy(_device, ref _window, _request.Length, _direction, _attributes);
        }

        foreach (DmaRange range in _mapped)
        {
            _mapper.UnmapPhys(_device, range.Start, range.Length, _direction, _attributes);
        }

        _mapped.Clear();
        _held?.Release();
        _held = null;
        _segments = default;
    }

    private static BlockStatus StatusOf(Errno errno) => errno switch
    {
        Errno.None => BlockStatus.Ok,
        Errno.ENOMEM or Errno.EAGAIN => BlockStatus.Resource,
        Errno.EREMOTEIO or Errno.EOPNOTSUPP or Errno.EINVAL => BlockStatus.Invalid,
        _ => BlockStatus.IoError,
    };

    private BlockStatus HoldPeer()
    {
        if (_provider.IsRam)
        {
            return BlockStatus.Ok;
        }

        P2PProvider? provider = _memory.Provider(_provider);
        if (provider is null || !provider.TryAcquire())
        {
            return BlockStatus.IoError;
        }

        _held = provider;
        _type = _routes.MapTypeOf(provider, _device);
        _attributes = DmaAttributes.Mmio;
        return _type is P2PMapType.BusAddress or P2PMapType.ThroughHostBridge ? BlockStatus.Ok : BlockStatus.Invalid;
    }

    /// <summary>Whether the ranges can follow each other in IO virtual addresses: every end but the last and every start but the first is a granule's (row R88b).</summary>
    private bool CanCollapse()
    {
        if (_device.Domain is null)
        {
            return false;
        }

        ulong gaps = 0;
        ulong lastEnd = 0;
        bool isFirst = true;
        foreach (ProvidedRange entry in _request)
        {
            gaps |= isFirst ? 0 : lastEnd | entry.Range.Start.Value;
            lastEnd = entry.Range.End.Value;
            isFirst = false;
        }

        return (gaps & (_device.Domain.Iova.Granule - 1)) == 0;
    }

    private BlockStatus Collapse()
    {
        ulong linked = 0;
        Errno errno = Errno.None;
        foreach (ProvidedRange entry in _request)
        {
            errno = entry.Provider != _provider
                ? Errno.EINVAL
                : _mapper.Link(_device, ref _window, entry.Range, linked, _direction, _attributes);
            if (errno != Errno.None)
            {
                break;
            }

            linked += entry.Range.Length;
        }

        errno = errno == Errno.None ? _mapper.Sync(_device, ref _window, 0, linked) : errno;
        if (errno != Errno.None)
        {
            _mapper.Destroy(_device, ref _window, linked, _direction, _attributes);
            return StatusOf(errno);
        }

        Current = new(_window.Address, linked);
        return BlockStatus.Ok;
    }

    private BlockStatus MapCurrent()
    {
        ProvidedRange segment = _segments.Current;

        // The route was asked of the first segment's owner: a request never mixes owners.
        if (segment.Provider != _provider || (_held is not null && !_held.Range.Contains(segment.Range)))
        {
            return BlockStatus.Invalid;
        }

        if (IsBusAddress)
        {
            Current = new(_held!.BusAddress(segment.Range.Start), segment.Range.Length);
            return BlockStatus.Ok;
        }

        DmaMapError? error = _mapper.TryMapPhys(_device, segment.Range, _direction, _attributes, out DmaAddress address);
        if (error is null)
        {
            Current = new(address, segment.Range.Length);
            _mapped.Add(Current);
        }

        return StatusOf(error?.Errno ?? Errno.None);
    }
}
