// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Topology;

namespace Physr.Pci.Routing;

/// <summary>The verdicts of many providers for many clients.</summary>
public sealed class P2PMatrix
{
    private readonly P2PRoute[] _routes;

    private P2PMatrix(IReadOnlyList<PciFunction> providers, IReadOnlyList<PciFunction> clients, P2PRoute[] routes)
    {
        Providers = providers;
        Clients = clients;
        _routes = routes;
    }

    /// <summary>The rows.</summary>
    public IReadOnlyList<PciFunction> Providers { get; }

    /// <summary>The columns.</summary>
    public IReadOnlyList<PciFunction> Clients { get; }

    /// <summary>The verdict of a row and a column.</summary>
    public P2PRoute this[int provider, int client] => _routes[(provider * Clients.Count) + client];

    /// <summary>Judges every pair of providers (endpoints with a memory BAR) and clients (every endpoint), a function with itself included.</summary>
    public static P2PMatrix Compute(P2PRouter router) => Compute(router, [.. router.Topology.Providers], [.. router.Topology.Endpoints]);

    /// <summary>Judges every pair of the given functions.</summary>
    public static P2PMatrix Compute(P2PRouter router, IReadOnlyList<PciFunction> providers, IReadOnlyList<PciFunction> clients)
    {
        var routes = new P2PRoute[providers.Count * clients.Count];
        int next = 0;
        foreach (PciFunction provider in providers)
        {
            foreach (PciFunction client in clients)
            {
                routes[next++] = router.Route(provider, client);
            }
        }

        return new(providers, clients, routes);
    }
}
