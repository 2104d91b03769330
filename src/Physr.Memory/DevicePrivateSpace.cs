// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>Device-private memory numbered in a space of its own: page descriptors by offset, no physical range, nothing for hotplug to collide with (row R16b).</summary>
/// <remarks>The kernel's way stands beside it: <see cref="MemoryMap.RequestPrivateRange"/> and an ordinary pagemap over that range.</remarks>
public sealed class DevicePrivateSpace
{
    // Offsets are never 0, so that a cleared word is no page.
    private const ulong FirstOffset = PageSize.Size2M;
    private readonly MemoryMap _map;
    private PagemapTable _table = PagemapTable.Empty;

    internal DevicePrivateSpace(MemoryMap map) => _map = map;

    /// <summary>How many regions exist.</summary>
    public int RegionCount => Volatile.Read(ref _table).Count;

    /// <summary>Gives page descriptors to private memory that has no physical range.</summary>
    /// <param name="pagemap">Of type <see cref="MemoryType.DevicePrivate"/>, without ranges and altmap; unchanged by a failure.</param>
    /// <param name="sizeBytes">How much, a multiple of 2 MiB.</param>
    /// <param name="region">Where it lies in this space: the lowest free offsets.</param>
    /// <param name="reason">Why it failed; empty on success.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EINVAL"/>; <see cref="Errno.ENOMEM"/> for want of memory; <see cref="Errno.EBUSY"/> when registered.</returns>
    public Errno Register(Pagemap pagemap, ulong sizeBytes, out AddressRange<DevicePrivateOffset> region, out string reason)
    {
        ArgumentNullException.ThrowIfNull(pagemap);
        region = default;
        lock (_map.WriterLock)
        {
            if (pagemap.IsRegistered)
            {
                reason = "it is registered already";
                return Errno.EBUSY;
            }

            Errno errno = pagemap.Validate(needsRanges: false, out reason);
            if (errno != Errno.None)
            {
                return errno;
            }

            if (pagemap.Type != MemoryType.DevicePrivate || pagemap.Altmap is not null || pagemap.MetadataOrder != 0
                || sizeBytes == 0 || !Alignment.IsAligned(sizeBytes, PageSize.Size2M))
            {
                reason = "only private memory, of a multiple of 2 MiB, without altmap and metadata order, lives here";
                return Errno.EINVAL;
            }

            ulong first = FindFree(sizeBytes >> PageSize.Shift4K);
            DescriptorStorage storage = new(first, sizeBytes >> PageSize.Shift4K, new(0, hasAltmap: false), altmap: null);
            if (!_map.PassesGate("private region") || !storage.TryReserve(_map.Gate))
            {
                storage.Free();
                reason = "no memory for page descriptors";
                return Errno.ENOMEM;
            }

            PagemapRegistration registration = new(_map, pagemap, _map.NextPagemapId(), [storage], isOffsetSpace: true);
            _map.Publish(registration);
            Volatile.Write(ref _table, _table.With(registration));
            region = new(new(first << PageSize.Shift4K), sizeBytes);
            return Errno.None;
        }
    }

    /// <summary>The live pagemap of an offset, held; false when there is none. Tear down with <see cref="MemoryMap.Unregister"/>.</summary>
    public bool TryGetPagemap(DevicePrivateOffset offset, out PagemapReference reference)
    {
        PagemapRegistration? registration = Volatile.Read(ref _table).Find(offset.Value >> PageSize.Shift4K);
        bool live = registration?.References.TryAcquire() == true;
        reference = live ? new(registration!) : default;
        return live;
    }

    /// <summary>The page at an offset, without holding its pagemap: for callers that hold the page itself, as a page table's entry does.</summary>
    public bool TryGetPage(DevicePrivateOffset offset, out DevicePage page)
    {
        page = default;
        ulong number = offset.Value >> PageSize.Shift4K;
        return Volatile.Read(ref _table).Find(number) is { } registration && registration.TryGetPage(number, out page);
    }

    internal PagemapTable Table => Volatile.Read(ref _table);

    internal void Forget(PagemapRegistration registration) => Volatile.Write(ref _table, _table.Without(registration));

    /// <summary>The first page of the lowest run of free pages.</summary>
    private ulong FindFree(ulong pages)
    {
        ulong first = FirstOffset >> PageSize.Shift4K;
        while (_table.FirstIn(first, first + pages) is { } taken)
        {
            first = taken.Storage[0].FirstPage + taken.Storage[0].PageCount;
        }

        return first;
    }
}
