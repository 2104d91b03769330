// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Machine.Fabric;
using Physr.Machine.Scenarios;
using Physr.Pci.Routing;
using Physr.Pci.Topology;

namespace Physr.Machine.Offload;

/// <summary>Which memory stages a route's bytes, and the verdict over all devices that reach it, with the reasons (row R92).</summary>
/// <param name="Provider">The device whose memory is used; null is RAM.</param>
/// <param name="MapType">The worst verdict of all clients; <see cref="P2PMapType.None"/> for RAM by choice.</param>
/// <param name="Reasons">Why, one sentence each.</param>
internal sealed record RouteChoice(FabricNode? Provider, P2PMapType MapType, IReadOnlyList<string> Reasons)
{
    /// <summary>The verdict as reports spell it.</summary>
    public string Verdict => MapType switch
    {
        P2PMapType.BusAddress => "busAddress",
        P2PMapType.ThroughHostBridge => "throughHostBridge",
        P2PMapType.NotSupported => "notSupported",
        _ => "bounce",
    };

    public static RouteChoice Make(SimulatedMachine machine, RouteSpec route, IReadOnlyList<FabricNode> clients)
    {
        if (route.Automatic)
        {
            return Nearest(machine, clients);
        }

        return route.Provider is { } name
            ? Judge(machine, machine.Fabric[name], clients)
            : new(null, P2PMapType.None, ["the scenario stages this route in RAM: each byte is written to DRAM and read back"]);
    }

    private static RouteChoice Nearest(SimulatedMachine machine, IReadOnlyList<FabricNode> clients)
    {
        FabricNode[] candidates = [.. machine.Fabric.Nodes.Where(static node => PeerMemory.PublishedBar(node) is not null)];
        PciFunction[] functions = [.. candidates.Select(machine.FunctionOf)];
        PciFunction?[] users = [.. clients.Select(machine.FunctionOf)];
        Random choice = new(unchecked((int)machine.Scheduler.Seed));
        PciFunction? found = machine.Router.FindMany(functions, users, choice);
        if (found is null)
        {
            return new(null, P2PMapType.NotSupported, ["no published peer memory is reachable by all of " + string.Join(", ", clients.Select(static node => node.Name))]);
        }

        FabricNode chosen = candidates[Array.IndexOf(functions, found)];
        RouteChoice judged = Judge(machine, chosen, clients);
        string how = $"{chosen.Name} is the nearest published memory to all of {string.Join(", ", clients.Select(static node => node.Name))}: total distance {machine.Router.DistanceMany(found, users)}";
        return judged with { Reasons = [how, .. judged.Reasons] };
    }

    /// <summary>The verdict of one device's memory over all clients.</summary>
    public static RouteChoice Judge(SimulatedMachine machine, FabricNode provider, IReadOnlyList<FabricNode> clients)
    {
        P2PMapType worst = P2PMapType.BusAddress;
        List<string> reasons = [];
        foreach (FabricNode client in clients)
        {
            P2PVerdict verdict = machine.Router.Judge(machine.FunctionOf(provider), machine.FunctionOf(client));
            worst = Worse(worst, verdict.MapType);
            string hops = verdict.Distance < 0 ? "refused" : $"distance {verdict.Distance}";
            reasons.Add($"{client.Name} to {provider.Name}: {hops}: {string.Join("; ", verdict.Reasons.Select(static reason => reason.Text))}");
        }

        return new(provider, worst, reasons);
    }

    /// <summary>The worse of two verdicts.</summary>
    public static P2PMapType Worse(P2PMapType left, P2PMapType right)
    {
        if (left == P2PMapType.NotSupported || right == P2PMapType.NotSupported)
        {
            return P2PMapType.NotSupported;
        }

        return left == P2PMapType.ThroughHostBridge ? left : right;
    }
}
