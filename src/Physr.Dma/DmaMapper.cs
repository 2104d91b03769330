// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Bounce;
using Physr.Dma.Broker;
using Physr.Dma.Iommu;
using Physr.Dma.Mapping;
using Physr.Dma.PageTables;
using Physr.Memory;

namespace Physr.Dma;

/// <summary>The DMA API of a machine. RAM is reached at its physical addresses, through the device's IOMMU, or through a bounce pool where the device's mask is too narrow or it may not
/// see what shares a granule with its bytes; a peer's memory by its route. A list is mapped whole or not at all; mixed lists are allowed (row R53d).</summary>
/// <remarks>Thread-safe. The cost of a call follows the number of ranges, never of pages. The streaming and the two-step form allocate nothing in steady state and take no lock of
/// the mapper's own.</remarks>
public sealed partial class DmaMapper : IDmaMapper
{
    private static uint s_last;

    private readonly IAllocationGate? _gate;
    private readonly long _most;
    private readonly PeerUses _peers = new();
    private long _admitted;

    /// <summary>Makes a mapper of a machine.</summary>
    /// <param name="memory">The machine's memory, which knows the providers.</param>
    /// <param name="routes">Says how devices reach them.</param>
    /// <param name="options">Bounds, and what to draw on; null is none.</param>
    public DmaMapper(MemoryMap memory, IP2PRoutes routes, DmaMapperOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(routes);
        options ??= new();
        Memory = memory;
        Routes = routes;
        Bounce = options.Bounce;
        Broker = options.Broker;
        _hostMemory = options.HostMemory;
        _gate = options.AllocationGate;
        _most = options.MaxMappings;
    }

    /// <summary>Mappings of every form, and reservations, not yet given back, over all devices.</summary>
    public long ActiveMappings => Counted.Mappings;

    /// <summary>The bounce pool; null where there is none.</summary>
    public BouncePool? Bounce { get; }

    internal MemoryMap Memory { get; }

    internal IP2PRoutes Routes { get; }

    internal IDevicePrivateBroker? Broker { get; }

    internal uint Ordinal { get; } = Interlocked.Increment(ref s_last);

    internal MappingCount Counted { get; } = new();

    /// <summary>Maps a list for a device, of which nothing but the direction is known.</summary>
    /// <param name="device">Who will reach the bytes.</param>
    /// <param name="memory">The bytes; not empty.</param>
    /// <param name="direction">Which way they may go.</param>
    /// <param name="mapping">The mapping, to be disposed; null on failure.</param>
    /// <param name="error">Why not; null on success. See <see cref="DmaMapError"/> for what can be retried.</param>
    /// <returns>Whether the whole list is mapped; otherwise nothing is.</returns>
    public bool TryMap(DmaDevice device, RangeList memory, DmaDirection direction, out DmaMapping? mapping, out DmaMapError? error) =>
        TryMap(device, memory, direction, DmaAttributes.None, out mapping, out error);

    /// <inheritdoc/>
    public bool TryMap(DmaDevice device, RangeList memory, DmaDirection direction, DmaAttributes attributes, out DmaMapping? mapping, out DmaMapError? error)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(memory);
        mapping = null;
        if (memory.IsEmpty || memory.Length > long.MaxValue || !IsDirection(direction) || (attributes & ~Known) != DmaAttributes.None)
        {
            string why = memory.IsEmpty ? "an empty list cannot be mapped"
                : memory.Length > long.MaxValue ? "a list of 2^63 bytes or more cannot be mapped"
                : !IsDirection(direction) ? $"{(int)direction} is no direction"
                : $"0x{(int)(attributes & ~Known):x} is no attribute";
            error = new(Errno.EINVAL, $"{device}: {why}");
            return false;
        }

        if (!TryAdmit())
        {
            error = new(Errno.ENOMEM, $"all {_most} mappings are in use; unmap one and try again");
            return false;
        }

        MappedList list = new(this, device, memory, direction, attributes);
        error = list.TryMap(out DmaRangeList? addresses);
        if (error is not null)
        {
            Leave();
            return false;
        }

        mapping = new(this, device, memory, addresses!, direction, list) { Attributes = attributes };
        MapperThread.Current.Count(this, device, 1, (long)memory.Length);
        return true;
    }

    internal void Unmapped(DmaMapping mapping, MappedList list)
    {
        list.Release(discard: false);
        MapperThread.Current.Count(this, mapping.Device, -1, -(long)mapping.Memory.Length);
        Leave();
    }

    /// <summary>All attributes there are.</summary>
    internal const DmaAttributes Known = Ordinary | DmaAttributes.Mmio;

    /// <summary>Those that change nothing about how one range is mapped, or are looked at where they do.</summary>
    private const DmaAttributes Ordinary =
        DmaAttributes.WeakOrdering | DmaAttributes.WriteCombine | DmaAttributes.NoKernelMapping | DmaAttributes.SkipCpuSync | DmaAttributes.ForceContiguous
        | DmaAttributes.AllocateSinglePages | DmaAttributes.NoWarn | DmaAttributes.Privileged | DmaAttributes.DebuggingIgnoreCachelines | DmaAttributes.RequireCoherent
        | DmaAttributes.ConfidentialShared;

    /// <summary>Whether a step that may fail goes ahead (row R91).</summary>
    internal bool Passes(string site) => _gate is null || _gate.TryPass(site);

    internal static bool IsDirection(DmaDirection direction) => (uint)direction <= (uint)DmaDirection.FromDevice;

    /// <summary>What a device is let do at the IO virtual addresses of a mapping. RAM is snooped: devices and CPU see one copy.</summary>
    internal static IommuAccess AccessOf(DmaDirection direction, DmaAttributes attributes) =>
        (direction != DmaDirection.FromDevice ? IommuAccess.Read : IommuAccess.None)
        | (direction != DmaDirection.ToDevice ? IommuAccess.Write : IommuAccess.None)
        | ((attributes & DmaAttributes.Mmio) != DmaAttributes.None ? IommuAccess.Mmio : IommuAccess.Cache);

    /// <summary>Ends the use of a run of IO virtual addresses: unmaps it, flushes once, and only then lets the noted bounce slots go. No unmap of an untrusted device waits in a queue.</summary>
    internal void EndRun(DmaDevice device, DmaDomain domain, DmaAddress start, ulong size, MapperThread thread, DmaDirection direction, DmaAttributes attributes) =>
        EndRun(device, domain, start, size, size, thread, direction, attributes);

    /// <summary>The same for a run of which only the first <paramref name="mapped"/> bytes are mapped.</summary>
    private void EndRun(
        DmaDevice device, DmaDomain domain, DmaAddress start, ulong mapped, ulong size, MapperThread thread, DmaDirection direction, DmaAttributes attributes)
    {
        domain.Unmap(start, mapped, thread.Gather);
        if (device.IsUntrusted && domain.Mode == IommuFlushMode.Lazy)
        {
            domain.Sync(thread.Gather);
        }

        domain.ReleaseFor(thread.Number, start, size, thread.Gather);
        if (thread.Slots.Length != 0)
        {
            ReleaseNotedSlots(thread, direction, attributes);
        }
    }

    private bool TryAdmit() => (_gate is null && _most == 0) || TryAdmitOne();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryAdmitOne()
    {
        if (!Passes("dma mapping"))
        {
            return false;
        }

        if (_most == 0 || Interlocked.Increment(ref _admitted) <= _most)
        {
            return true;
        }

        Interlocked.Decrement(ref _admitted);
        return false;
    }

    private void Leave()
    {
        if (_most != 0)
        {
            Interlocked.Decrement(ref _admitted);
        }
    }

    private void ReleaseNotedSlots(MapperThread thread, DmaDirection direction, DmaAttributes attributes)
    {
        foreach (PhysicalAddress slot in thread.Slots)
        {
            Bounce!.Release(slot, direction, attributes);
        }

        thread.ForgetSlots();
    }
}
