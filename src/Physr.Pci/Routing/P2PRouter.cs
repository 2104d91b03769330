// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Pci.Topology;

namespace Physr.Pci.Routing;

/// <summary>Judges whether, how and how far one device reaches another's memory: the kernel's peer-to-peer rules (section 1.5).</summary>
/// <remarks>Per pair: climb to the lowest common bridge. The provider's leg is tested for ACS redirection from the provider to the common
/// bridge inclusive, the client's leg from the client to below it. No redirection: bus address. Else, and without a common bridge: the host
/// bridges decide. Verdicts are kept per pair and dropped when the tree's generation changes. Not synchronised, as the tree is not.</remarks>
public sealed partial class P2PRouter
{
    private int _generation = -1;
    private Chain[] _chains = [];
    private P2PRoute[]?[] _rows = [];
    private bool[] _hostPasses = [];

    /// <summary>Makes a router.</summary>
    /// <param name="topology">The tree; changes to it are noticed.</param>
    /// <param name="rules">The kernel release and the kind of processor.</param>
    public P2PRouter(PciTopology topology, P2PRules rules)
    {
        Topology = topology;
        Rules = rules;
    }

    /// <summary>The tree.</summary>
    public PciTopology Topology { get; }

    /// <summary>The release and processor judged by.</summary>
    public P2PRules Rules { get; }

    /// <summary>The verdict without reasons. The second question for a pair costs a table look-up (row R52a); a change of the tree or of ACS is
    /// noticed (row R52b).</summary>
    public P2PRoute Route(PciFunction provider, PciFunction client)
    {
        if (_generation != Topology.Generation)
        {
            Prepare();
        }

        P2PRoute[] row = _rows[provider.Index] ??= new P2PRoute[_chains.Length];
        ref P2PRoute kept = ref row[client.Index];
        if (kept.MapType == P2PMapType.Unknown)
        {
            kept = Compute(provider.Index, client.Index);
        }

        return kept;
    }

    /// <summary>The verdict with its reasons and with what would change it.</summary>
    public P2PVerdict Judge(PciFunction provider, PciFunction client) => new(this, provider, client, Route(provider, client));

    /// <summary>The sum of the distances from one provider to several clients (row R49c).</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="clients">The clients' PCI functions; null for a client that hangs off none (row R54a).</param>
    /// <returns>−1 when there is no client, one is no PCI device, or one cannot reach the provider (row R49d).</returns>
    public int DistanceMany(PciFunction provider, ReadOnlySpan<PciFunction?> clients)
    {
        if (clients.IsEmpty)
        {
            return -1;
        }

        int sum = 0;
        foreach (PciFunction? client in clients)
        {
            if (client is null || Route(provider, client) is not { Distance: >= 0 } route)
            {
                return -1;
            }

            sum += route.Distance;
        }

        return sum;
    }

    /// <summary>Finds the provider nearest to all clients together; of equally near ones, one at random (row R48c).</summary>
    /// <param name="providers">The candidates: those that publish memory.</param>
    /// <param name="clients">The clients, as for <see cref="DistanceMany"/>.</param>
    /// <param name="random">The seeded source of the choice.</param>
    /// <returns>Null when no candidate is reachable from every client.</returns>
    public PciFunction? FindMany(ReadOnlySpan<PciFunction> providers, ReadOnlySpan<PciFunction?> clients, Random random)
    {
        int nearest = int.MaxValue;
        int ties = 0;
        PciFunction? chosen = null;
        foreach (PciFunction provider in providers)
        {
            int distance = DistanceMany(provider, clients);
            if (distance < 0 || distance > nearest)
            {
                continue;
            }

            ties = distance < nearest ? 1 : ties + 1;
            nearest = distance;

            // Keeping the k-th tie with chance 1/k gives each the same chance, without a list.
            if (random.Next(ties) == 0)
            {
                chosen = provider;
            }
        }

        return chosen;
    }

    private P2PRoute Compute(int provider, int client)
    {
        ref readonly Chain a = ref _chains[provider];
        ref readonly Chain b = ref _chains[client];
        int shared = a.SharedBridges(b);
        if (shared == 0)
        {
            P2PMapType through = HostPasses(provider, client) ? P2PMapType.ThroughHostBridge : P2PMapType.NotSupported;
            return new(through, a.Nodes.Length + b.Nodes.Length, 0, hasCommonBridge: false, isAssumed: false);
        }

        // The common bridge is the lowest shared one: index d nodes above either end.
        int distanceA = a.Nodes.Length - shared;
        int distanceB = b.Nodes.Length - shared;
        int redirects = a.Redirects[distanceA + 1] + b.Redirects[distanceB];
        bool isAssumed = a.Unknowns[distanceA + 1] + b.Unknowns[distanceB] != 0;
        P2PMapType type = redirects == 0 ? P2PMapType.BusAddress
            : HostPasses(provider, client) ? P2PMapType.ThroughHostBridge
            : P2PMapType.NotSupported;
        return new(type, distanceA + distanceB, redirects, hasCommonBridge: true, isAssumed);
    }

    private bool HostPasses(int provider, int client) =>
        _hostPasses[(Topology.Functions[provider].HostBridge.Index * Topology.HostBridges.Count) + Topology.Functions[client].HostBridge.Index];

    private void Prepare()
    {
        _chains = Topology.Functions.Select(static f => new Chain(f)).ToArray();
        _rows = new P2PRoute[]?[_chains.Length];
        int hosts = Topology.HostBridges.Count;
        _hostPasses = new bool[hosts * hosts];
        foreach (PciHostBridge a in Topology.HostBridges)
        {
            foreach (PciHostBridge b in Topology.HostBridges)
            {
                bool same = ReferenceEquals(a, b);
                _hostPasses[(a.Index * hosts) + b.Index] = Passes(JudgeHostBridge(a, same)) && Passes(JudgeHostBridge(b, same));
            }
        }

        _generation = Topology.Generation;
    }

    /// <summary>A function and the bridges above it, with the redirecting ones counted so that any stretch is one subtraction.</summary>
    private readonly struct Chain
    {
        internal Chain(PciFunction function)
        {
            Nodes = new int[function.Depth + 1];
            Redirects = new int[function.Depth + 2];
            Unknowns = new int[function.Depth + 2];
            int i = 0;
            for (PciFunction? at = function; at is not null; at = at.Upstream, i++)
            {
                Nodes[i] = at.Index;
                Redirects[i + 1] = Redirects[i] + (at.IsRedirecting ? 1 : 0);
                Unknowns[i + 1] = Unknowns[i] + (at.IsAcsKnown ? 0 : 1);
            }
        }

        /// <summary>From the function itself up to the root bus.</summary>
        internal int[] Nodes { get; }

        /// <summary>[k]: how many of the first k nodes redirect.</summary>
        internal int[] Redirects { get; }

        /// <summary>[k]: of how many of the first k nodes ACS could not be read.</summary>
        internal int[] Unknowns { get; }

        /// <summary>How many nodes the two chains share, counted from the root bus; the functions themselves may be among them.</summary>
        internal int SharedBridges(in Chain other)
        {
            int shared = 0;
            int most = Math.Min(Nodes.Length, other.Nodes.Length);
            while (shared < most && Nodes[^(shared + 1)] == other.Nodes[^(shared + 1)])
            {
                shared++;
            }

            return shared;
        }
    }
}
