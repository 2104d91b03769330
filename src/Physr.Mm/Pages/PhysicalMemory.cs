// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Memory;

namespace Physr.Mm;

/// <summary>What all processes of a host share: RAM with its page descriptors, the pagemaps of devices, the pages of zeros, swap areas, and where page tables come from.</summary>
/// <remarks>Thread-safe. Dispose of it after every <see cref="AddressSpace"/>.</remarks>
public sealed unsafe partial class PhysicalMemory : IDisposable
{
    private readonly RamZone[] _zones;
    private readonly RamZone _first;
    private readonly IDisposable? _owned;
    private readonly Page _zero;
    private long _pins;
    private bool _isDisposed;

    /// <summary>Makes the memory of a host of zones that exist.</summary>
    /// <param name="map">Who owns which address; the zones are RAM of it.</param>
    /// <param name="zones">RAM to take pages from, the first first; they outlive this.</param>
    /// <param name="options">Choices.</param>
    public PhysicalMemory(MemoryMap map, IReadOnlyList<RamZone> zones, PhysicalMemoryOptions? options = null)
        : this(map, zones, options, owned: null)
    {
    }

    private PhysicalMemory(MemoryMap map, IReadOnlyList<RamZone> zones, PhysicalMemoryOptions? options, IDisposable? owned)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(zones);
        ArgumentOutOfRangeException.ThrowIfZero(zones.Count, nameof(zones));
        Options = options ?? new();
        ArgumentOutOfRangeException.ThrowIfLessThan(Options.FaultAroundPages, 1, nameof(options));
        Map = map;
        _zones = [.. zones];
        _first = _zones[0];
        _owned = owned;
        Tables = new(Options.AllocationGate);
        if (_first.TryAllocate(0, out PageFrameNumber zero) != Errno.None)
        {
            throw new PhysrException("make physical memory", _first.Range.ToString(), Errno.ENOMEM, "there is no page for the page of zeros");
        }

        _zero = PageOf(PageKey.Of(zero));
        _zero.Set(PageFlags.Reserved);
        NativeMemory.Clear(BytesOf(_zero), (nuint)PageSize.Size4K);
        map.PagePoisoned += OnDevicePagePoisoned;
        map.PageReleased += OnDevicePageReleased;
    }

    /// <summary>Who owns which address.</summary>
    public MemoryMap Map { get; }

    /// <summary>The choices.</summary>
    public PhysicalMemoryOptions Options { get; }

    /// <summary>Frames of RAM that nobody has.</summary>
    public long FreePages => _zones.Sum(static zone => zone.FreePages);

    /// <summary>Frames of RAM in all.</summary>
    public long TotalPages => _zones.Sum(static zone => zone.Pages);

    /// <summary>Page tables in use, of all processes.</summary>
    public long PageTables => Tables.Outstanding;

    /// <summary>Pins not taken off, over all pages.</summary>
    public long Pins => Volatile.Read(ref _pins);

    internal PageTablePool Tables { get; }

    internal Page ZeroPage => _zero;

    /// <summary>Makes a host of so much RAM and nothing else, for programs that need no more.</summary>
    /// <param name="ramBytes">A multiple of 2 MiB.</param>
    /// <param name="options">Choices.</param>
    public static PhysicalMemory Create(ulong ramBytes, PhysicalMemoryOptions? options = null)
    {
        PhysicalRange range = new(new(PageSize.Size1G), ramBytes);
        MemoryMap map = new(new MemoryMapOptions { AllocationGate = options?.AllocationGate });
        map.AddRam(range, out _);
        OwnedRam owned = new(range);
        return new(map, [owned.Zone], options, owned);
    }

    /// <summary>Gives the pages of zeros back.</summary>
    /// <exception cref="PhysrException">Processes still have page tables.</exception>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        if (Tables.Outstanding != 0)
        {
            throw new PhysrException("dispose of physical memory", _first.Range.ToString(), Errno.EBUSY, $"{Tables.Outstanding} page tables are in use: dispose of the address spaces first");
        }

        _isDisposed = true;
        Map.PagePoisoned -= OnDevicePagePoisoned;
        Map.PageReleased -= OnDevicePageReleased;
        FreeZeroPages();
        Tables.Dispose();
        _owned?.Dispose();
    }

    /// <summary>The page of an entry. It exists while the entry, or whoever else holds it, does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Page PageOf(PageKey key) => _first.Contains(new(key.Value)) ? new(_first.At(key.Value), key) : OtherPageOf(key);

    /// <summary>The same page as its pagemap's; only for pages of devices.</summary>
    internal DevicePage DeviceOf(Page page) => Map.PageOf(page.Descriptor, page.Key.Value & ~PageKey.OffsetSpaceBit);

    /// <summary>Whose device memory a page is; null where no pagemap has it any more.</summary>
    internal object? OwnerOf(PageKey key)
    {
        bool found = key.IsOffset ? Map.Private.TryGetPage(key.Offset, out DevicePage device) : Map.TryGetPage(key.Frame, out device);
        return found ? device.Pagemap.Owner : null;
    }

    internal void Warn(string message) => Options.Warn?.Invoke(message);

    internal bool PassesGate(string site) => Options.AllocationGate?.TryPass(site) != false;

    private Page OtherPageOf(PageKey key)
    {
        if (!key.IsOffset)
        {
            for (int i = 1; i < _zones.Length; i++)
            {
                if (_zones[i].Contains(key.Frame))
                {
                    return new(_zones[i].At(key.Value), key);
                }
            }
        }

        bool found = key.IsOffset ? Map.Private.TryGetPage(key.Offset, out DevicePage device) : Map.TryGetPage(key.Frame, out device);

        // SAFETY: descriptors are native memory.
        return found ? new((PageDescriptor*)Unsafe.AsPointer(ref device.Descriptor), key) : default;
    }

    private void FreeZeroPages()
    {
        FreeHugeZeroPage();
        _zero.Clear(PageFlags.Reserved);
        Put(_zero);
    }

    private RamZone ZoneOf(PageKey key)
    {
        if (_first.Contains(new(key.Value)))
        {
            return _first;
        }

        foreach (RamZone zone in _zones)
        {
            if (zone.Contains(key.Frame))
            {
                return zone;
            }
        }

        throw new PhysrException("find RAM", key.ToString(), Errno.ENXIO, "no zone has it");
    }

    /// <summary>RAM made for this memory alone.</summary>
    private sealed class OwnedRam : IDisposable
    {
        private readonly NativeRam _bytes;

        public OwnedRam(PhysicalRange range)
        {
            _bytes = new(range);
            Zone = new(range, _bytes);
        }

        public RamZone Zone { get; }

        public void Dispose()
        {
            Zone.Dispose();
            _bytes.Dispose();
        }
    }
}
