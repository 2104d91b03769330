// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Memory;

namespace Physr.Dma.Broker;

/// <summary>Chooses among what drivers published of their private memory: the interconnect that a client shares with the owner, the owner's BAR where PCI leads to it, or bringing the bytes
/// to RAM, whichever is estimated to take least (row R42; the kernel's proposals left this to each driver).</summary>
/// <remarks>Thread-safe. It holds nothing alive: a mapping holds the provider it goes through, and whoever maps private pages holds them.</remarks>
public sealed class DevicePrivateBroker : IDevicePrivateBroker
{
    private readonly MemoryMap _memory;
    private readonly IP2PRoutes _routes;
    private readonly PrivateRouteCosts _costs;
    private readonly Lock _lock = new();
    private readonly ConditionalWeakTable<Pagemap, PublishedMemory> _published = [];

    /// <summary>Makes a broker that knows of no way but migration.</summary>
    /// <param name="memory">The machine's memory, which knows the providers.</param>
    /// <param name="routes">Says how clients reach BARs.</param>
    /// <param name="costs">What to reckon with; null is the default.</param>
    public DevicePrivateBroker(MemoryMap memory, IP2PRoutes routes, PrivateRouteCosts? costs = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(routes);
        _memory = memory;
        _routes = routes;
        _costs = costs ?? new();
        _costs.Validate();
    }

    /// <summary>Tells that a run of private memory shows in a BAR.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for a pagemap that is not private or a window that its provider does not hold; <see cref="Errno.ENODEV"/> where the provider is gone;
    /// <see cref="Errno.EEXIST"/> over another window.</returns>
    public Errno Publish(Pagemap pagemap, PrivateAperture aperture)
    {
        ArgumentNullException.ThrowIfNull(pagemap);
        PhysicalRange window = aperture.Window.Range;
        if (pagemap.Type != MemoryType.DevicePrivate || window.IsEmpty || window.Length > ulong.MaxValue - aperture.Offset)
        {
            return Errno.EINVAL;
        }

        if (_memory.Provider(aperture.Window.Provider) is not { } provider)
        {
            return Errno.ENODEV;
        }

        if (!provider.Range.Contains(window))
        {
            return Errno.EINVAL;
        }

        lock (_lock)
        {
            PublishedMemory known = Known(pagemap);
            ulong end = aperture.Offset + window.Length;
            if (Array.Exists(known.Apertures, other => other.Offset < end && aperture.Offset < other.Offset + other.Window.Range.Length))
            {
                return Errno.EEXIST;
            }

            _published.AddOrUpdate(pagemap, known with { Apertures = [.. known.Apertures, aperture] });
            return Errno.None;
        }
    }

    /// <summary>Tells that a client shares an interconnect with the owner.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for a pagemap that is not private, or addresses that end beyond the last one; <see cref="Errno.EEXIST"/> where the client has one.</returns>
    public Errno Connect(Pagemap pagemap, PrivateLink link)
    {
        ArgumentNullException.ThrowIfNull(pagemap);
        if (pagemap.Type != MemoryType.DevicePrivate || link.Client is null || link.Length == 0 || !link.Start.TryAdd(link.Length, out _))
        {
            return Errno.EINVAL;
        }

        lock (_lock)
        {
            PublishedMemory known = Known(pagemap);
            if (Array.Exists(known.Links, other => other.Client == link.Client))
            {
                return Errno.EEXIST;
            }

            _published.AddOrUpdate(pagemap, known with { Links = [.. known.Links, link] });
            return Errno.None;
        }
    }

    /// <summary>Takes back all that was published of a pagemap; its memory can only migrate from then on. What is mapped stays so: revoke it first.</summary>
    public void Withdraw(Pagemap pagemap)
    {
        ArgumentNullException.ThrowIfNull(pagemap);
        lock (_lock)
        {
            _published.Remove(pagemap);
        }
    }

    /// <inheritdoc/>
    public PrivateRoute Resolve(DmaDevice client, PrivateRange memory)
    {
        IReadOnlyList<PrivateRoute> options = Options(client, memory);
        return options.Count == 0 ? new(PrivateRouteKind.None, memory.Length, 0, $"{memory.Pagemap} is gone or going") : options[0];
    }

    /// <summary>Every way there is for the first bytes of a run, the cheapest first; none once the pagemap is going.</summary>
    public IReadOnlyList<PrivateRoute> Options(DmaDevice client, PrivateRange memory)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(memory.Pagemap);
        ArgumentOutOfRangeException.ThrowIfZero(memory.Length);
        if (!memory.Pagemap.IsLive)
        {
            return [];
        }

        PublishedMemory known = Known(memory.Pagemap);
        ulong length = known.UniformAfter(memory.Offset, memory.Length);
        List<PrivateRoute> options = [];
        foreach (PrivateLink link in known.Links)
        {
            if (link.Client == client && memory.Offset < link.Length)
            {
                DmaAddress at = link.Start.Add(memory.Offset);
                options.Add(new(PrivateRouteKind.Interconnect, length, _costs.Interconnect(length), $"{client} shares an interconnect with the owner of {memory.Pagemap}") { Address = at });
            }
        }

        string whyNot = "it shows in no BAR";
        foreach (PrivateAperture aperture in known.Apertures)
        {
            if (aperture.Shows(memory.Offset))
            {
                whyNot = AddPeerToPeer(options, client, aperture, memory.Offset, length);
            }
        }

        options.Add(new(PrivateRouteKind.Migrate, length, _costs.Migrate(length), options.Count == 0 ? whyNot : "the ways to it where it is take longer"));
        options.Sort(static (left, right) => left.Cost.CompareTo(right.Cost));
        return options;
    }

    private string AddPeerToPeer(List<PrivateRoute> options, DmaDevice client, PrivateAperture aperture, ulong offset, ulong length)
    {
        if (_memory.Provider(aperture.Window.Provider) is not { IsLive: true } provider)
        {
            return "the BAR that it shows in is gone or going";
        }

        P2PMapType type = _routes.MapTypeOf(provider, client);
        if (type is not (P2PMapType.BusAddress or P2PMapType.ThroughHostBridge))
        {
            return $"{client} cannot reach {provider}: {string.Join("; ", _routes.Explain(provider, client))}";
        }

        ProvidedRange peer = new(aperture.Window.Range.Slice(offset - aperture.Offset, length), aperture.Window.Provider);
        options.Add(new(PrivateRouteKind.PeerToPeer, length, _costs.PeerToPeer(length, type), $"{client} reaches {provider} by {type}") { Peer = peer });
        return "";
    }

    private PublishedMemory Known(Pagemap pagemap) => _published.TryGetValue(pagemap, out PublishedMemory? known) ? known : PublishedMemory.Nothing;
}
