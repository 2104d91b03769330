// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    // What may hang below what.
    private static readonly Dictionary<FabricKind, FabricKind[]> Below = new()
    {
        [FabricKind.HostBridge] = [FabricKind.RootPort],
        [FabricKind.RootPort] = [FabricKind.Switch, FabricKind.Nvme, FabricKind.RdmaNic, FabricKind.Gpu, FabricKind.Endpoint, FabricKind.Pmem],
        [FabricKind.Switch] = [FabricKind.DownstreamPort],
        [FabricKind.DownstreamPort] = [FabricKind.Switch, FabricKind.Nvme, FabricKind.RdmaNic, FabricKind.Gpu, FabricKind.Endpoint, FabricKind.Pmem],
    };

    private void CheckFabric()
    {
        CheckCycles();
        Dictionary<string, FabricDraft> lastChild = new(StringComparer.Ordinal);
        Dictionary<string, int> children = new(StringComparer.Ordinal);
        foreach (FabricDraft node in _nodes)
        {
            if (!node.IsPlaced || node.Kind is not { } kind || node.Spec.Under is not { } under)
            {
                continue;
            }

            SourcePosition at = node.Reader.At("under");
            if (kind == FabricKind.HostBridge)
            {
                _errors.Add(at, "a hostBridge is the top of its tree; leave 'under' out");
            }
            else if (!_fabric.TryGetValue(under, out FabricDraft? parent))
            {
                NoteMissingParent(under, at, kind);
            }
            else if (parent.Kind is { } parentKind)
            {
                CheckPlace(node, kind, parent, parentKind, lastChild, children);
            }
        }

        CheckBusNumbers();
        CheckBusOffsets();
    }

    private void NoteMissingParent(string under, SourcePosition at, FabricKind kind)
    {
        string[] parents = [.. _fabric.Values.Where(node => MayHold(node.Kind, kind)).Select(static node => node.Name)];
        _things.NoteMissing(under, at, $"node to hang {OneOf(kind)} under", parents);
    }

    private static bool MayHold(FabricKind? parent, FabricKind child) =>
        parent is { } kind && Below.TryGetValue(kind, out FabricKind[]? allowed) && allowed.Contains(child);

    private void CheckPlace(
        FabricDraft node,
        FabricKind kind,
        FabricDraft parent,
        FabricKind parentKind,
        Dictionary<string, FabricDraft> lastChild,
        Dictionary<string, int> children)
    {
        SourcePosition at = node.Reader.At("under");
        if (!MayHold(parentKind, kind))
        {
            string[] right = [.. Below.Where(pair => pair.Value.Contains(kind)).Select(static pair => Word(pair.Key))];
            _errors.Add(at, $"{Phrase.Quote(parent.Name)} is {OneOf(parentKind)}; {OneOf(kind)} hangs under a {string.Join(" or ", right)}");
            return;
        }

        bool isLink = parentKind is FabricKind.RootPort or FabricKind.DownstreamPort;
        if (isLink && lastChild.TryGetValue(parent.Name, out FabricDraft? first))
        {
            _errors.Add(
                at,
                $"the link below {Phrase.Quote(parent.Name)} already ends at {Phrase.Quote(first.Name)} ({first.Reader.At("under")}); a port has one link partner: add a port, or a switch");
            return;
        }

        lastChild[parent.Name] = node;
        children[parent.Name] = children.GetValueOrDefault(parent.Name) + 1;
        if (children[parent.Name] == Limits.DevicesPerBus + 1)
        {
            _errors.Add(at, $"{Phrase.Quote(parent.Name)} has more than {Limits.DevicesPerBus} ports; its bus has no more device numbers");
        }
    }

    private void CheckCycles()
    {
        HashSet<string> done = new(StringComparer.Ordinal);
        foreach (FabricDraft start in _fabric.Values.OrderBy(static node => node.Reader.Node.Position))
        {
            List<FabricDraft> path = [];
            FabricDraft? node = start;
            while (node is not null && !done.Contains(node.Name) && !path.Contains(node))
            {
                path.Add(node);
                node = node.Spec.Under is { } under ? _fabric.GetValueOrDefault(under) : null;
            }

            int loop = node is null ? -1 : path.IndexOf(node);
            if (loop >= 0)
            {
                NoteCycle(path[loop..]);
            }

            done.UnionWith(path.Select(static member => member.Name));
        }
    }

    // Told at the member that comes first in the text: its parent is below it.
    private void NoteCycle(List<FabricDraft> cycle)
    {
        int first = 0;
        for (int i = 1; i < cycle.Count; i++)
        {
            if (cycle[i].Reader.Node.Position.CompareTo(cycle[first].Reader.Node.Position) < 0)
            {
                first = i;
            }
        }

        FabricDraft[] ordered = [.. cycle[first..], .. cycle[..first], cycle[first]];
        _errors.Add(
            ordered[0].Reader.At("under"),
            $"'under' runs in a circle: {string.Join(" under ", ordered.Select(static node => node.Name))}; a tree ends at a hostBridge");
        foreach (FabricDraft member in cycle)
        {
            member.IsPlaced = false;
        }
    }

    private void CheckBusNumbers()
    {
        int buses = 0;
        foreach (FabricDraft node in _nodes)
        {
            buses += node.Kind is FabricKind.HostBridge or FabricKind.RootPort or FabricKind.Switch or FabricKind.DownstreamPort ? 1 : 0;
            if (buses > Limits.Buses)
            {
                _errors.Add(node.Reader.Node.Position, $"the fabric has more than {Limits.Buses} buses; host bridges, ports and switches have one each, and a PCI domain has no more numbers");
                return;
            }
        }
    }

    // A BAR register holds bus addresses that are multiples of its size; so the offset must keep them so.
    private void CheckBusOffsets()
    {
        foreach (FabricDraft node in _nodes.Where(static node => node.Spec.BusOffset != 0))
        {
            ulong largest = Limits.MiB;
            foreach (FabricDraft device in _nodes.Where(static device => device.IsProvider))
            {
                largest = Top(device) == node ? Math.Max(largest, device.ProviderBytes) : largest;
            }

            if (node.Spec.BusOffset % largest != 0)
            {
                _errors.Add(
                    node.Reader.At("busOffset"),
                    $"'busOffset': BARs below {Phrase.Quote(node.Name)} need addresses that are multiples of up to {SizeText.Format(largest)}; so does the offset");
            }
        }
    }

    private FabricDraft? Top(FabricDraft node)
    {
        while (node.IsPlaced && node.Spec.Under is { } under && _fabric.TryGetValue(under, out FabricDraft? parent))
        {
            node = parent;
        }

        return node.IsPlaced ? node : null;
    }

    private List<FabricSpec> ParentsFirst()
    {
        List<FabricSpec> ordered = [];
        HashSet<string> placed = new(StringComparer.Ordinal);
        foreach (FabricDraft node in _fabric.Values)
        {
            Stack<FabricDraft> missing = new();
            for (FabricDraft? at = node; at is not null && !placed.Contains(at.Name); at = at.Spec.Under is { } under ? _fabric.GetValueOrDefault(under) : null)
            {
                missing.Push(at);
            }

            while (missing.TryPop(out FabricDraft? next))
            {
                placed.Add(next.Name);
                ordered.Add(next.Spec);
            }
        }

        return ordered;
    }

    private static string OneOf(FabricKind kind) => $"{(kind is FabricKind.Endpoint or FabricKind.Nvme or FabricKind.RdmaNic ? "an" : "a")} {Word(kind)}";
}
