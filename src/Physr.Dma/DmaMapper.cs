// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma;

/// <summary>Maps range lists for devices on the direct path (no IOMMU): RAM at its physical addresses, a peer's memory by route. One call maps a list whole or
/// not at all; mixed lists of RAM and several providers are allowed (row R53d).</summary>
/// <remarks>Thread-safe. The cost of a call follows the number of ranges, never of pages.</remarks>
public sealed partial class DmaMapper : IDmaMapper
{
    private readonly MemoryMap _memory;
    private readonly IP2PRoutes _routes;
    private readonly DmaMapperOptions _options;
    private long _active;

    /// <summary>Makes a mapper of a machine.</summary>
    /// <param name="memory">The machine's memory, which knows the providers.</param>
    /// <param name="routes">Says how devices reach them.</param>
    /// <param name="options">Bounds; null is none.</param>
    public DmaMapper(MemoryMap memory, IP2PRoutes routes, DmaMapperOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(routes);
        _memory = memory;
        _routes = routes;
        _options = options ?? new();
    }

    /// <summary>Mappings not yet given back, over all devices.</summary>
    public long ActiveMappings => Interlocked.Read(ref _active);

    /// <summary>Maps a list for a device.</summary>
    /// <param name="device">Who will reach the bytes.</param>
    /// <param name="memory">The bytes; not empty.</param>
    /// <param name="direction">Which way they may go.</param>
    /// <param name="mapping">The mapping, to be disposed; null on failure.</param>
    /// <param name="error">Why not; null on success. See <see cref="DmaMapError"/> for what can be retried.</param>
    /// <returns>Whether the whole list is mapped; otherwise nothing is.</returns>
    public bool TryMap(DmaDevice device, RangeList memory, DmaDirection direction, out DmaMapping? mapping, out DmaMapError? error)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(memory);
        mapping = null;
        if (memory.IsEmpty)
        {
            error = new(Errno.EINVAL, $"{device}: an empty list cannot be mapped");
            return false;
        }

        if (!TryReserve(out error))
        {
            return false;
        }

        List<P2PProvider> held = [];
        error = TryTranslate(device, memory, held, out DmaRangeList? addresses);
        if (error is null)
        {
            error = CheckSegments(device, addresses!);
        }

        if (error is not null)
        {
            held.ForEach(static provider => provider.Release());
            Interlocked.Decrement(ref _active);
            return false;
        }

        mapping = new(this, device, memory, addresses!, direction, [.. held]);
        device.Count(1, checked((long)memory.Length));
        return true;
    }

    internal void Unmapped(DmaMapping mapping, P2PProvider[] providers)
    {
        Array.ForEach(providers, static provider => provider.Release());
        mapping.Device.Count(-1, -(long)mapping.Memory.Length);
        Interlocked.Decrement(ref _active);
    }

    private static DmaMapError? CheckSegments(DmaDevice device, DmaRangeList addresses)
    {
        int most = device.Limits.MaxSegments;
        int segments = most == 0 ? 0 : addresses.CountSegments(device.Limits);
        return segments > most
            ? new(Errno.EIO, $"{device}: the list is {segments} segments within the device's limits, which takes {most}; map it in parts")
            : null;
    }

    private bool TryReserve(out DmaMapError? error)
    {
        error = null;
        long active = Interlocked.Increment(ref _active);
        if ((_options.MaxMappings == 0 || active <= _options.MaxMappings) && _options.AllocationGate?.TryPass("dma mapping") != false)
        {
            return true;
        }

        Interlocked.Decrement(ref _active);
        error = new(Errno.ENOMEM, $"all {_options.MaxMappings} mappings are in use; unmap one and try again");
        return false;
    }

    private DmaMapError? TryTranslate(DmaDevice device, RangeList memory, List<P2PProvider> held, out DmaRangeList? addresses)
    {
        addresses = null;
        DmaRangeListBuilder? builder = null;
        bool isIdentity = true;
        foreach (ProvidedRange entry in memory)
        {
            ulong offset = 0;
            bool isBusAddress = false;
            if (!entry.Provider.IsRam && TryRoute(device, entry, held, out offset, out isBusAddress) is { } refused)
            {
                return refused;
            }

            if (isBusAddress && isIdentity)
            {
                isIdentity = false;
                builder = Restart(memory, entry);
            }

            DmaRange range = new(new(unchecked(entry.Range.Start.Value + offset)), entry.Range.Length);
            builder?.Append(range, isBusAddress);
            if (range.Last.Value > device.Mask)
            {
                return new(Errno.EIO, $"{device}: {range} lies beyond the device's mask 0x{device.Mask:x}; it needs a bounce buffer or an IOMMU");
            }
        }

        // Where every address is the CPU's own, the device's list is the CPU's list: no entry is copied (row R61b).
        addresses = isIdentity ? DmaRangeList.Identity(memory) : builder!.Build();
        return null;
    }

    /// <summary>A builder holding what came before the first entry whose bus address differs from its physical one.</summary>
    private static DmaRangeListBuilder Restart(RangeList memory, ProvidedRange stop)
    {
        DmaRangeListBuilder builder = new();
        foreach (ProvidedRange entry in memory)
        {
            if (entry == stop)
            {
                break;
            }

            builder.Append(new(new(entry.Range.Start.Value), entry.Range.Length));
        }

        return builder;
    }

    private DmaMapError? TryRoute(DmaDevice device, ProvidedRange entry, List<P2PProvider> held, out ulong offset, out bool isBusAddress)
    {
        offset = 0;
        isBusAddress = false;
        P2PProvider? provider = held.Find(known => known.Index == entry.Provider);
        if (provider is null)
        {
            provider = _memory.Provider(entry.Provider);
            if (provider is null || !provider.TryAcquire())
            {
                return new(Errno.ENODEV, $"{device}: {entry}: the provider is gone or going");
            }

            held.Add(provider);
        }

        if (!provider.Range.Contains(entry.Range))
        {
            return new(Errno.EFAULT, $"{device}: {entry} is not all in {provider}");
        }

        switch (_routes.MapTypeOf(provider, device))
        {
            case P2PMapType.BusAddress:
                offset = provider.BusOffset;
                isBusAddress = true;
                return null;
            case P2PMapType.ThroughHostBridge:
                return null;
            default:
                string why = string.Join("; ", _routes.Explain(provider, device));
                return new(Errno.EREMOTEIO, $"{device} can never reach {provider}: {why}");
        }
    }
}
