// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

public sealed partial class MemoryMap
{
    private PagemapTable _pagemaps = PagemapTable.Empty;
    private PagemapRegistration?[] _byId = [];
    private uint _lastPagemapId;
    private long _descriptorCount;
    private long _ramDescriptorBytes;
    private long _deviceDescriptorBytes;

    /// <summary>Real page descriptors that exist now, of all pagemaps and of <see cref="Private"/>. Zero means that nothing has any.</summary>
    public long DescriptorCount => Volatile.Read(ref _descriptorCount);

    /// <summary>Bytes of RAM they take.</summary>
    public long DescriptorBytes => Volatile.Read(ref _ramDescriptorBytes);

    /// <summary>Bytes they take on devices, through altmaps (row R8a).</summary>
    public long DeviceDescriptorBytes => Volatile.Read(ref _deviceDescriptorBytes);

    /// <summary>How many physical ranges have page descriptors.</summary>
    public int PagemapRangeCount => Volatile.Read(ref _pagemaps).Count;

    /// <summary>Gives page descriptors to a pagemap's ranges (the kernel's <c>memremap_pages</c>, rows R2 to R10, R17).</summary>
    /// <inheritdoc cref="Register(Pagemap, out string)"/>
    public Errno Register(Pagemap pagemap) => Register(pagemap, out _);

    /// <summary>Gives page descriptors to a pagemap's ranges (the kernel's <c>memremap_pages</c>, rows R2 to R10, R17).</summary>
    /// <remarks>The pagemap's own fields are checked first, then range by range: altmap, another pagemap, System RAM, address limit, alignment, memory for
    /// descriptors. A failing range unwinds the ones before it. Unlike the kernel, which looks at the two ends only, any overlap with a pagemap is refused.</remarks>
    /// <param name="pagemap">Filled by the caller; unchanged by a failure (row R2b).</param>
    /// <param name="reason">Why it failed, naming the range; empty on success.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> for a field, alignment or limit; <see cref="Errno.ENOMEM"/> where a pagemap is already, or
    /// for want of memory; <see cref="Errno.ENXIO"/> where System RAM is; <see cref="Errno.EBUSY"/> when it is registered now.</returns>
    public Errno Register(Pagemap pagemap, out string reason)
    {
        ArgumentNullException.ThrowIfNull(pagemap);
        lock (_lock)
        {
            if (pagemap.IsRegistered)
            {
                reason = "it is registered already";
                return Errno.EBUSY;
            }

            Errno errno = pagemap.Validate(needsRanges: true, out reason);
            if (errno != Errno.None)
            {
                return errno;
            }

            DescriptorLayout layout = new(pagemap.MetadataOrder, pagemap.Altmap is not null);
            List<DescriptorStorage> mapped = new(pagemap.Ranges.Count);
            for (int i = 0; i < pagemap.Ranges.Count; i++)
            {
                errno = MapRange(pagemap, i, layout, mapped, out reason);
                if (errno != Errno.None)
                {
                    reason = $"range {i} {Resource.Bracketed(pagemap.Ranges[i])}: {reason}";
                    Unwind(mapped);
                    return errno;
                }
            }

            if (!PassesGate("pagemap registration"))
            {
                reason = "no memory for the registration";
                Unwind(mapped);
                return Errno.ENOMEM;
            }

            PagemapRegistration registration = new(this, pagemap, ++_lastPagemapId, [.. mapped], isOffsetSpace: false);
            Publish(registration);
            Volatile.Write(ref _pagemaps, _pagemaps.With(registration));
            return Errno.None;
        }
    }

    /// <summary>Lets no new user in; look-ups give nothing from now on (row R7b). Idempotent.</summary>
    public void BeginUnregister(Pagemap pagemap)
    {
        RegistrationOf(pagemap)?.References.Kill();
    }

    /// <summary>Takes the page descriptors away if nobody uses them: all or nothing.</summary>
    /// <returns><see cref="Errno.None"/>, also when it is not registered (row R13d); <see cref="Errno.EBUSY"/> while somebody holds it or one of its pages.</returns>
    public Errno TryUnregister(Pagemap pagemap)
    {
        PagemapRegistration? registration = RegistrationOf(pagemap);
        if (registration is not null)
        {
            if (!registration.References.TryKillIdle())
            {
                return Errno.EBUSY;
            }

            TearDown(registration);
        }

        return Errno.None;
    }

    /// <summary>Lets no new user in, waits for the last one, then takes the page descriptors away (the kernel's <c>memunmap_pages</c>, row R13). Idempotent, and
    /// safe to call from several threads: exactly one tears down.</summary>
    /// <param name="pagemap">The pagemap; not registered is fine.</param>
    /// <param name="cancellationToken">Gives up the wait; the pagemap stays killed, and the call can be repeated.</param>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    public void Unregister(Pagemap pagemap, CancellationToken cancellationToken = default)
    {
        PagemapRegistration? registration = RegistrationOf(pagemap);
        if (registration is not null)
        {
            registration.References.Kill();
            registration.References.Wait(cancellationToken);
            TearDown(registration);
        }
    }

    /// <summary>The live pagemap of a frame, held (the kernel's <c>get_dev_pagemap</c>, row R7): O(log n), without waiting and without allocating.</summary>
    /// <returns>False when no pagemap has the frame, or it was killed.</returns>
    public bool TryGetPagemap(PageFrameNumber frame, out PagemapReference reference)
    {
        PagemapRegistration? registration = Volatile.Read(ref _pagemaps).Find(frame.Value);
        bool live = registration?.References.TryAcquire() == true;
        reference = live ? new(registration!) : default;
        return live;
    }

    /// <summary>The page at a frame of device memory, without holding its pagemap: for callers that hold the page itself, as a page table's entry does.</summary>
    public bool TryGetPage(PageFrameNumber frame, out DevicePage page)
    {
        page = default;
        return Volatile.Read(ref _pagemaps).Find(frame.Value) is { } registration && registration.TryGetPage(frame.Value, out page);
    }

    /// <summary>The page of a descriptor that somebody holds, by the number that the descriptor carries: no search.</summary>
    internal unsafe DevicePage PageOf(PageDescriptor* descriptor, ulong page)
    {
        // SAFETY: the caller holds the page, and with it its descriptor.
        PagemapRegistration?[] all = Volatile.Read(ref _byId);
        return descriptor->PagemapId < (uint)all.Length && all[descriptor->PagemapId] is { } registration
            ? new(registration, descriptor, page)
            : throw new PhysrException("find pagemap", new PageFrameNumber(page).ToString(), Errno.ENXIO, "the page is of no pagemap, or of one that is gone");
    }

    internal uint NextPagemapId() => ++_lastPagemapId;

    internal Lock WriterLock => _lock;

    internal IAllocationGate? Gate => _options.AllocationGate;

    /// <summary>Makes a fully built registration visible and counts it.</summary>
    internal void Publish(PagemapRegistration registration)
    {
        registration.Initialize();
        if (registration.Id >= (uint)_byId.Length)
        {
            PagemapRegistration?[] larger = new PagemapRegistration?[Math.Max(16, 2 * (int)registration.Id)];
            _byId.CopyTo(larger, 0);
            Volatile.Write(ref _byId, larger);
        }

        Volatile.Write(ref _byId[registration.Id], registration);
        registration.Pagemap.MappedRangeCount = registration.IsOffsetSpace ? 0 : registration.Storage.Length;
        Count(registration.DescriptorCount, registration.Altmap is not null);
        registration.Pagemap.Registration = registration;
    }

    internal static void Unwind(List<DescriptorStorage> mapped)
    {
        for (int i = mapped.Count - 1; i >= 0; i--)
        {
            mapped[i].Free();
        }
    }

    /// <summary>Undoes a killed registration that nobody uses; the second of two callers finds nothing left to do (row R13c).</summary>
    internal void TearDown(PagemapRegistration registration)
    {
        string? leftover = null;
        lock (_lock)
        {
            Pagemap pagemap = registration.Pagemap;
            if (pagemap.Registration != registration)
            {
                return;
            }

            if (registration.IsOffsetSpace)
            {
                Private.Forget(registration);
            }
            else
            {
                Volatile.Write(ref _pagemaps, _pagemaps.Without(registration));
            }

            Count(-registration.DescriptorCount, registration.Altmap is not null);
            Volatile.Write(ref _byId[registration.Id], null);
            registration.FreeStorage();
            pagemap.MappedRangeCount = 0;
            pagemap.ReleaseCount++;
            pagemap.Registration = null;
            if (registration.Altmap is { Allocated: > 0 } altmap)
            {
                leftover = $"{pagemap}: {altmap.Allocated} altmap pages were never returned";
            }
        }

        if (leftover is not null)
        {
            Warn(leftover);
        }
    }

    private PagemapRegistration? RegistrationOf(Pagemap pagemap)
    {
        ArgumentNullException.ThrowIfNull(pagemap);
        PagemapRegistration? registration = pagemap.Registration;
        return registration is null || registration.Map == this
            ? registration
            : throw new PhysrException("unregister pagemap", pagemap.ToString(), Errno.EINVAL, "it is registered with another memory map");
    }

    private Errno MapRange(Pagemap pagemap, int index, DescriptorLayout layout, List<DescriptorStorage> mapped, out string reason)
    {
        PhysicalRange range = pagemap.Ranges[index];
        reason = "";
        if (range.IsEmpty)
        {
            reason = "it is empty";
            return Errno.EINVAL;
        }

        if (pagemap.Altmap is not null && index > 0)
        {
            reason = "an altmap goes with a single range";
            return Errno.EINVAL;
        }

        ulong first = range.Start.Frame.Value;
        ulong end = range.Last.Frame.Value + 1;
        PagemapRegistration? other = _pagemaps.FirstIn(first, end);
        if (other is not null || mapped.Exists(part => part.FirstPage < end && first < part.FirstPage + part.PageCount))
        {
            reason = $"{other?.Pagemap.ToString() ?? "an earlier range"} is there already";
            return Errno.ENOMEM;
        }

        if (Resources.RegionIntersects(range, ResourceFlags.SystemRam, ResourceDescriptor.None) != RegionIntersection.Disjoint)
        {
            reason = "System RAM is there";
            return Errno.ENXIO;
        }

        PhysicalAddress limit = pagemap.Attributes.HasLinearMap ? MappableEnd : PhysicalEnd;
        if (range.End.Value > limit.Value)
        {
            reason = $"it ends above {limit}, the last address for {pagemap.Type} memory";
            return Errno.EINVAL;
        }

        ulong granule = Math.Max(PageSize.Size2M, PageSize.Size4K << layout.Order);
        if (!range.Start.IsAligned(PageSize.Size2M) || !Alignment.IsAligned(range.Length, granule))
        {
            reason = $"page descriptors come by {PageSize.Size2M >> 20} MiB sub-sections and whole units: the start and a length of a multiple of {granule} bytes are right";
            return Errno.EINVAL;
        }

        if (pagemap.Altmap is { } altmap && (altmap.Base != range.Start.Frame || altmap.DataOffset >= range.Length))
        {
            reason = $"its altmap at {altmap.Base} of {altmap.DataOffset} bytes does not lie at the start of it with room for data";
            return Errno.EINVAL;
        }

        DescriptorStorage storage = new(first, end - first, layout, pagemap.Altmap);
        mapped.Add(storage);
        if (!PassesGate("pagemap range") || !storage.TryReserve(_options.AllocationGate))
        {
            reason = "no memory for page descriptors";
            return Errno.ENOMEM;
        }

        return Errno.None;
    }

    private void Count(long descriptors, bool onDevice)
    {
        Interlocked.Add(ref _descriptorCount, descriptors);
        Interlocked.Add(ref onDevice ? ref _deviceDescriptorBytes : ref _ramDescriptorBytes, descriptors * PageDescriptor.SizeBytes);
    }
}
