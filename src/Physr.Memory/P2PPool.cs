// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>Memory of one device's BARs, handed out in 4 KiB pages for peers to DMA to (the kernel's p2pmem pool, rows R46 to R48).</summary>
/// <remarks>Safe for concurrent use. Each allocation holds a use of its provider, so that the device cannot go while memory is out.</remarks>
public sealed partial class P2PPool : IDisposable
{
    private readonly P2PProviderSet _device;
    private readonly Lock _lock = new();
    private readonly List<P2PPoolChunk> _chunks = [];
    private bool _published;
    private bool _released;

    /// <summary>Makes the still empty pool of a device.</summary>
    /// <param name="device">The device's providers.</param>
    /// <param name="backing">Whether its memory has page descriptors.</param>
    public P2PPool(P2PProviderSet device, P2PPoolBacking backing)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        Backing = backing;
    }

    /// <summary>The device's providers.</summary>
    public P2PProviderSet Device => _device;

    /// <summary>Whether its memory has page descriptors.</summary>
    public P2PPoolBacking Backing { get; }

    /// <summary>All its memory, in bytes.</summary>
    public ulong SizeBytes => Sum(chunk => chunk.Range.Length);

    /// <summary>Memory handed out, in bytes.</summary>
    public ulong UsedBytes => Sum(chunk => chunk.UsedPages << PageSize.Shift4K);

    /// <summary>Memory left: size minus used (row R47b).</summary>
    public ulong AvailableBytes
    {
        get
        {
            lock (_lock)
            {
                return SizeBytes - UsedBytes;
            }
        }
    }

    /// <summary>Whether orchestrators may find it (row R48a); not before the device says so, and not after its release.</summary>
    public bool IsPublished
    {
        get => Volatile.Read(ref _published);
        set
        {
            lock (_lock)
            {
                _published = value && !_released;
            }
        }
    }

    /// <summary>The parts of BARs it is made of.</summary>
    public IReadOnlyList<PhysicalRange> Resources
    {
        get
        {
            lock (_lock)
            {
                return _chunks.ConvertAll(chunk => chunk.Range);
            }
        }
    }

    /// <summary>Adds part of a BAR (the kernel's <c>pci_p2pdma_add_resource</c>, row R46).</summary>
    /// <param name="bar">Which BAR.</param>
    /// <param name="sizeBytes">How much; 0 is the rest of the BAR from the offset on (row R46b).</param>
    /// <param name="offsetBytes">Where it starts in the BAR.</param>
    /// <param name="reason">Why it failed; empty on success.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> for no memory BAR, an offset at or beyond its end, a size that leaves it, or less than a
    /// page; <see cref="Errno.ENODEV"/> after release; with page descriptors, whatever <see cref="MemoryMap.Register(Pagemap, out string)"/> answers.</returns>
    public Errno AddResource(int bar, ulong sizeBytes, ulong offsetBytes, out string reason)
    {
        lock (_lock)
        {
            reason = "";
            P2PProvider? provider = _device.Provider(bar);
            if (_released)
            {
                reason = "the pool is released";
                return Errno.ENODEV;
            }

            if (provider is null)
            {
                reason = $"BAR {bar} of {_device.Owner} is no memory BAR with a provider";
                return Errno.EINVAL;
            }

            ulong length = provider.Range.Length;
            if (offsetBytes >= length || (sizeBytes != 0 && sizeBytes > length - offsetBytes))
            {
                reason = $"bytes {offsetBytes}+{sizeBytes} leave {provider}";
                return Errno.EINVAL;
            }

            PhysicalRange range = provider.Range.Slice(offsetBytes, sizeBytes == 0 ? length - offsetBytes : sizeBytes);
            if (!range.Start.IsAligned(PageSize.Size4K) || range.Length < PageSize.Size4K || _chunks.Exists(chunk => chunk.Range.Overlaps(range)))
            {
                reason = $"{range} holds no whole page, does not start on one, or is in the pool already";
                return Errno.EINVAL;
            }

            Pagemap? pagemap = null;
            if (Backing == P2PPoolBacking.PageDescriptors)
            {
                pagemap = new() { Type = MemoryType.PciP2P, Name = $"{_device.Owner} BAR {bar}", Owner = _device };
                pagemap.Ranges.Add(range);
                Errno errno = _device.Map.Register(pagemap, out reason);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }

            if (!_device.Map.PassesGate("pool chunk"))
            {
                Errno undone = pagemap is null ? Errno.None : _device.Map.TryUnregister(pagemap);
                reason = undone == Errno.None ? "no memory for the pool's bitmap" : $"no memory for the pool's bitmap, and {pagemap} stays: {undone}";
                return Errno.ENOMEM;
            }

            P2PPoolChunk added = new(provider, range, pagemap);
            pagemap?.FolioFree = page => Return(added, page.Frame);
            _chunks.Add(added);
            return Errno.None;
        }
    }

    /// <summary>Adds part of a BAR.</summary>
    /// <inheritdoc cref="AddResource(int, ulong, ulong, out string)"/>
    public Errno AddResource(int bar, ulong sizeBytes = 0, ulong offsetBytes = 0) => AddResource(bar, sizeBytes, offsetBytes, out _);

    private void Return(P2PPoolChunk chunk, PageFrameNumber frame)
    {
        lock (_lock)
        {
            chunk.Return(frame.Value - chunk.Range.Start.Frame.Value);
        }
    }

    private ulong Sum(Func<P2PPoolChunk, ulong> select)
    {
        lock (_lock)
        {
            ulong sum = 0;
            foreach (P2PPoolChunk chunk in _chunks)
            {
                sum += select(chunk);
            }

            return sum;
        }
    }
}
