// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Pci.Topology;

namespace Physr.Pci.Routing;

/// <summary>A verdict that can explain itself; the texts are made when asked for, from the tree as it then is.</summary>
public sealed class P2PVerdict
{
    private readonly P2PRouter _router;
    private IReadOnlyList<PciFunction>? _providerLeg;
    private IReadOnlyList<PciFunction>? _clientLeg;
    private IReadOnlyList<PciFunction>? _redirects;
    private IReadOnlyList<P2PReason>? _reasons;
    private IReadOnlyList<P2PRemedy>? _remedies;

    internal P2PVerdict(P2PRouter router, PciFunction provider, PciFunction client, P2PRoute route)
    {
        _router = router;
        Provider = provider;
        Client = client;
        Route = route;
    }

    /// <summary>Whose memory is reached.</summary>
    public PciFunction Provider { get; }

    /// <summary>Who reaches it.</summary>
    public PciFunction Client { get; }

    /// <summary>The verdict without reasons.</summary>
    public P2PRoute Route { get; }

    /// <summary>How the client may reach the provider.</summary>
    public P2PMapType MapType => Route.MapType;

    /// <summary>Hops; −1 where not supported.</summary>
    public int Distance => Route.Distance;

    /// <summary>Hops, refused or not.</summary>
    public int PathDistance => Route.PathDistance;

    /// <summary><see cref="PathDistance"/> in words: <c>1 hop</c>, <c>4 hops</c>.</summary>
    public string Hops => PathDistance == 1 ? "1 hop" : $"{PathDistance} hops";

    /// <summary>The lowest bridge above both (or the function itself); null where the route crosses the host bridge for want of one.</summary>
    public PciFunction? CommonBridge => Route.HasCommonBridge ? ProviderLeg[^1] : null;

    /// <summary>The nodes of the provider's leg, bottom up: to the common bridge inclusive, or to the root bus.</summary>
    public IReadOnlyList<PciFunction> ProviderLeg => _providerLeg ??= P2PExplanation.ProviderLeg(Provider, Client);

    /// <summary>The nodes of the client's leg, bottom up: below the common bridge, or to the root bus.</summary>
    public IReadOnlyList<PciFunction> ClientLeg => _clientLeg ??= P2PExplanation.ClientLeg(Provider, Client);

    /// <summary>The functions whose ACS bits redirect, in the kernel's order: provider's leg bottom up, then client's leg bottom up (row R50e).</summary>
    public IReadOnlyList<PciFunction> AcsRedirects => _redirects ??=
        Route.HasCommonBridge ? [.. ProviderLeg.Concat(ClientLeg).Where(static f => f.IsRedirecting)] : [];

    /// <summary>Why.</summary>
    public IReadOnlyList<P2PReason> Reasons => _reasons ??= P2PExplanation.Reasons(_router, this);

    /// <summary>What would change it.</summary>
    public IReadOnlyList<P2PRemedy> Remedies => _remedies ??= P2PExplanation.Remedies(_router, this);
}
