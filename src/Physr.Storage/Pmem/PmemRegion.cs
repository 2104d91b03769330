// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Storage.Pmem;

/// <summary>A range of physical addresses with persistent memory behind it, and the labels that divide it into namespaces.</summary>
/// <remarks>Attaching makes one provider and one <c>Persistent Memory</c> resource, and no page descriptor, whatever the size: descriptors come with a namespace that needs some
/// (<see cref="PmemNamespace.TryEnable(out string)"/>). Operations on the region and its namespaces are serialised by a lock.</remarks>
public sealed partial class PmemRegion
{
    private readonly Lock _lock = new();
    private readonly List<PmemNamespace> _namespaces = [];

    private PmemRegion(MemoryMap map, PhysicalRange range, PersistentMemory data, LabelArea labels, PmemRegionOptions options, Resource resource, P2PProvider provider)
    {
        Map = map;
        Range = range;
        Data = data;
        Labels = labels;
        Options = options;
        Provider = provider;
        Resource = resource;
    }

    /// <summary><c>region0</c>.</summary>
    public string Name => $"region{Options.Number}";

    /// <summary>Its addresses.</summary>
    public PhysicalRange Range { get; }

    /// <summary>Its bytes; offset 0 is the first of <see cref="Range"/>.</summary>
    public PersistentMemory Data { get; }

    /// <summary>Its labels.</summary>
    public LabelArea Labels { get; }

    /// <summary>Who owns its addresses.</summary>
    public P2PProvider Provider { get; }

    /// <summary>Whether <see cref="TryDetach"/> took it away.</summary>
    public bool IsDetached { get; private set; }

    internal MemoryMap Map { get; }

    internal Resource Resource { get; }

    internal PmemRegionOptions Options { get; }

    internal Lock ManagementLock => _lock;

    /// <summary>Takes one medium apart: data first, so that they keep the alignment of the whole, and the label area in the last 128 KiB.</summary>
    /// <param name="image">A file or memory of at least 2 MiB and 128 KiB.</param>
    /// <exception cref="ArgumentException">It is shorter.</exception>
    public static (PersistentMemory Data, PersistentMemory Labels) OverImage(PersistentMemory image)
    {
        ArgumentNullException.ThrowIfNull(image);
        ulong labels = image.Length < PageSize.Size2M + LabelArea.UsualBytes
            ? throw new ArgumentException($"{image} is shorter than 2 MiB of data and 128 KiB of labels.", nameof(image))
            : image.Length - LabelArea.UsualBytes;
        return (new MediaSlice(image.Name, image, 0, Alignment.Down(labels, PageSize.Size2M)), new MediaSlice($"{image.Name}:labels", image, labels, LabelArea.UsualBytes));
    }

    /// <summary>Puts persistent memory at its place.</summary>
    /// <param name="map">The machine's memory.</param>
    /// <param name="start">Where its first byte lies, a multiple of 2 MiB.</param>
    /// <param name="data">Its bytes, a multiple of 2 MiB.</param>
    /// <param name="labels">Its label area; nothing is stored there.</param>
    /// <param name="options">The rest.</param>
    /// <param name="region">The region; null on failure, which leaves nothing behind.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for alignment or an end beyond the address space; <see cref="Errno.EBUSY"/>, <see cref="Errno.ENXIO"/> where something lies there; <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryAttach(MemoryMap map, PhysicalAddress start, PersistentMemory data, PersistentMemory labels, PmemRegionOptions? options, out PmemRegion? region, out string reason)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(labels);
        options ??= new();
        region = null;
        if (!start.IsAligned(PageSize.Size2M) || !Alignment.IsAligned(data.Length, PageSize.Size2M) || data.Length > map.PhysicalEnd.Value - Math.Min(start.Value, map.PhysicalEnd.Value))
        {
            reason = $"{data} at {start}: a region consists of whole 2 MiB sub-sections below {map.PhysicalEnd}";
            return Errno.EINVAL;
        }

        PhysicalRange range = new(start, data.Length);
        Errno errno = map.Resources.Insert("Persistent Memory", range, ResourceFlags.Memory, ResourceDescriptor.PersistentMemory, out Resource? resource, out Resource? conflict);
        if (errno != Errno.None)
        {
            reason = $"{data} at {start}: {conflict} is there";
            return errno;
        }

        errno = map.RegisterProvider($"region{options.Number}", null, -1, range, new(start.Value), out P2PProvider? provider);
        if (errno != Errno.None)
        {
            map.Resources.Remove(resource!);
            reason = $"{data} at {start} cannot own its addresses ({errno}): RAM or another provider is there, or memory ran out";
            return errno;
        }

        region = new(map, range, data, LabelArea.Open(labels), options, resource!, provider!);
        region.LoadNamespaces();
        reason = "";
        return Errno.None;
    }

    /// <summary>Takes the region away: all or nothing.</summary>
    /// <returns><see cref="Errno.EBUSY"/> while a namespace is enabled or somebody maps its addresses.</returns>
    public Errno TryDetach(out string reason)
    {
        lock (_lock)
        {
            reason = "";
            if (IsDetached)
            {
                return Errno.None;
            }

            if (_namespaces.Find(static each => each.IsEnabled) is { } enabled)
            {
                reason = $"{Name}: {enabled} is enabled: disable it first";
                return Errno.EBUSY;
            }

            if (Map.TryUnregisterProvider(Provider) != Errno.None)
            {
                reason = $"{Name}: {Provider.ActiveUses} mappings of its addresses are left";
                return Errno.EBUSY;
            }

            Map.Resources.Remove(Resource);
            IsDetached = true;
            return Errno.None;
        }
    }

    /// <summary>The name and the addresses.</summary>
    public override string ToString() => $"{Name} {Range}";

    internal bool PassesGate(string site) => Options.AllocationGate?.TryPass(site) != false;
}
