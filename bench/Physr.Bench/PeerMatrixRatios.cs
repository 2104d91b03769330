// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Pci.Routing;
using Physr.Pci.Topology;

namespace Physr.Bench;

/// <summary>The verdicts of 256 endpoints for each other: 65 536 pairs. The cold figures include the JIT and are cold only in the first group of a process.</summary>
internal static class PeerMatrixRatios
{
    private const double Most = 50;

    public static void Run(RatioTable table)
    {
        PciFunctionRecord[] records = PeerHost.Describe();
        long start = Stopwatch.GetTimestamp();
        PciTopology topology = PeerHost.Build(records);
        double coldBuild = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        P2PMatrix matrix = P2PMatrix.Compute(PeerHost.Route(topology));
        double cold = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        if (matrix.Providers.Count != PeerHost.Endpoints || matrix.Clients.Count != PeerHost.Endpoints)
        {
            throw new InvalidOperationException("The host has not the endpoints that it should have.");
        }

        P2PRouter warm = PeerHost.Route(topology);
        double[] times = RatioTable.TimeInTurn(
            1, () => PeerHost.Build(records), () => P2PMatrix.Compute(PeerHost.Route(topology)), () => P2PMatrix.Compute(warm), () => Explain(warm));
        table.Limit("verdict matrix of 256 endpoints, first call of the process", cold, "ms", Most, $"< {Most} ms");
        table.Limit("same and the tree's build, first calls of the process", cold + coldBuild, "ms", Most, $"< {Most} ms");
        table.Limit("same, JIT warm, new router", times[1] / 1e6, "ms", Most, $"< {Most} ms");
        table.Limit("same, verdicts kept", times[2] / 1e6, "ms", Most, $"< {Most} ms");
        table.Note("the tree's build, JIT warm", times[0] / 1e6, "ms");
        table.Note("every reason and remedy of all 65 536 pairs as text", times[3] / 1e6, "ms");
    }

    private static int Explain(P2PRouter router)
    {
        int length = 0;
        foreach (PciFunction provider in router.Topology.Providers)
        {
            foreach (PciFunction client in router.Topology.Endpoints)
            {
                P2PVerdict verdict = router.Judge(provider, client);
                length += verdict.Reasons.Count + verdict.Remedies.Count;
            }
        }

        return length;
    }
}
