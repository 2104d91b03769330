// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios;
using Physr.Pci.Spec;

namespace Physr.Machine.Fabric;

/// <content>Decoding: from a requester's address to what claims it, hop by hop.</content>
public sealed partial class PciFabric
{
    /// <summary>Messages to this range are interrupts (Intel SDM volume 3, section 11.11.1).</summary>
    private const ulong InterruptBase = 0xfee0_0000;

    private const ulong InterruptLength = 1UL << 20;

    /// <summary>ACS bits that send a peer's request up instead of across (PCIe Base Specification, section 6.12.3). Egress control here redirects all peers.</summary>
    private const AcsControl RequestRedirects = AcsControl.RequestRedirect | AcsControl.EgressControl;

    /// <summary>Finds the route of a CPU access to a device's BAR.</summary>
    internal FabricRoute FindFromCpu(PhysicalAddress address) => Find(requester: _nodes[0], new(address.Value), fromCpu: true);

    private static bool Decode(FabricNode node, ulong address, out int bar, out DmaRange range)
    {
        bar = -1;
        range = default;
        if (node.Device is null || (node.Config.Command & PciCommand.MemorySpace) == PciCommand.None)
        {
            return false;
        }

        foreach (Devices.BarProfile profile in node.Device.Profile.Bars)
        {
            if (profile.IsIo)
            {
                continue;
            }

            range = new(new(BarAssignment.Read(node, profile)), profile.Size);
            if (range.Contains(new DmaAddress(address)))
            {
                bar = profile.Index;
                return true;
            }
        }

        return false;
    }

    private FabricRoute Find(FabricNode requester, DmaAddress address, bool fromCpu = false)
    {
        List<FabricRoute> known = RoutesOf(requester).Direct;
        if (RequesterRoutes.Find(known, address.Value) is { } kept)
        {
            return kept;
        }

        FabricRoute found = fromCpu ? FromRootComplex(null, new Way(), address.Value) : Climb(requester, address.Value);
        if (found.Target != RouteTarget.None)
        {
            known.Add(found);
        }

        return found;
    }

    private RequesterRoutes RoutesOf(FabricNode requester)
    {
        if (!_routes.TryGetValue(requester, out RequesterRoutes? known))
        {
            known = new();
            _routes.Add(requester, known);
        }

        return known;
    }

    /// <summary>Goes up from the requester until a bridge on the way claims the address for another of its sides.</summary>
    private FabricRoute Climb(FabricNode requester, ulong address)
    {
        Way way = new();
        if (Decode(requester, address, out int own, out DmaRange ownRange))
        {
            // A function reaches its own BARs inside itself (distance 0).
            return way.To(RouteTarget.Bar, ownRange, 0, requester, own);
        }

        FabricNode port = requester.Parent!;
        while (port.Spec.Kind == FabricKind.DownstreamPort)
        {
            way.Up(port);
            FabricNode inside = port.Parent!;
            if ((port.AcsControl & RequestRedirects) == AcsControl.None)
            {
                foreach (FabricNode sibling in inside.Children)
                {
                    if (BridgeWindow.Claims(sibling.Config, address))
                    {
                        return Descend(requester, way, sibling, address, address);
                    }
                }
            }

            // The switch's upstream port passes on what no port below claimed, and all that was redirected.
            port = inside.Parent!;
        }

        if (port.IsPort)
        {
            way.Up(port);
        }

        return FromRootComplex(requester, way, address);
    }

    /// <summary>Decodes at the root complex, where addresses are the CPU's.</summary>
    private FabricRoute FromRootComplex(FabricNode? requester, Way way, ulong address)
    {
        way.ThroughRootComplex = true;
        if (Layout.TryLocate(address, out PhysicalRange ram, out ulong offset))
        {
            return way.To(RouteTarget.Dram, new(new(ram.Start.Value), ram.Length), offset);
        }

        if (address - InterruptBase < InterruptLength)
        {
            return way.To(RouteTarget.Interrupt, new(new(InterruptBase), InterruptLength), 0);
        }

        foreach (FabricNode bridge in _nodes.Where(static node => node.Spec.Kind == FabricKind.HostBridge))
        {
            ulong onBus = BarAssignment.ToBus(bridge, address);
            foreach (FabricNode child in bridge.Children)
            {
                bool claims = child.IsPort ? BridgeWindow.Claims(child.Config, onBus) : Decode(child, onBus, out _, out _);
                if (claims)
                {
                    return Descend(requester, way, child, onBus, address);
                }
            }
        }

        return Way.Refused(address, "no RAM and no bridge window there");
    }

    /// <summary>Goes down through a port that claims the address.</summary>
    private FabricRoute Descend(FabricNode? requester, Way way, FabricNode node, ulong onBus, ulong asRequested)
    {
        while (node.Device is null)
        {
            if (node.IsPort)
            {
                way.Down(node);
            }

            FabricNode? next = node.Children.FirstOrDefault(child =>
                child.Device is not null ? Decode(child, onBus, out _, out _) : BridgeWindow.Claims(child.Config, onBus));
            if (next is null)
            {
                return Way.Refused(asRequested, $"below {node.Name} nothing claims it");
            }

            node = next;
        }

        if (requester is not null && way.ThroughRootComplex && !Forwards(requester, node))
        {
            return Way.Refused(asRequested, $"the root complex does not forward requests of {requester.Name} to {node.Name}");
        }

        if (!Decode(node, onBus, out int bar, out DmaRange range))
        {
            return Way.Refused(asRequested, $"{node.Name} does not decode it");
        }

        // The same bytes, as the requester addresses them.
        DmaRange requested = new(new(unchecked(range.Start.Value + (asRequested - onBus))), range.Length);
        if (requester is not null)
        {
            CompletionWay(node, requester, way);
        }

        return way.To(RouteTarget.Bar, requested, 0, node, bar);
    }

    /// <summary>Completions go by the requester's id, not by address: across the lowest switch above both, whatever way the request took, unless completion redirect
    /// at a port below it sends them up to the root complex.</summary>
    private static void CompletionWay(FabricNode target, FabricNode requester, Way way)
    {
        way.StartCompletion();
        FabricNode port = target.Parent!;
        while (port.Spec.Kind == FabricKind.DownstreamPort)
        {
            way.CompleteUp(port);
            FabricNode inside = port.Parent!;
            if (requester.IsBelow(inside) && (port.AcsControl & AcsControl.CompletionRedirect) == AcsControl.None)
            {
                way.CompleteDown(requester, inside);
                return;
            }

            port = inside.Parent!;
        }

        if (port.IsPort)
        {
            way.CompleteUp(port);
        }

        way.CompleteDown(requester, null);
    }
}
