// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;
using Physr.Machine.Bus;
using Physr.Machine.Simulation;
using Physr.Pci.Spec;

namespace Physr.Machine.Fabric;

/// <content>Behind an IOMMU: what goes up through the root complex is looked up there on each access; what a switch passes across is not.</content>
public sealed partial class PciFabric
{
    /// <summary>An entry of a translation table, and the line of DRAM that is read for it.</summary>
    private const ulong TableEntryBytes = 8;

    private const ulong TableLineBytes = 64;

    private static readonly FabricRoute s_refusedByIommu = new()
    {
        Range = default, Target = RouteTarget.Refused, Request = [], Completion = [], Links = [], ThroughRootComplex = true, Refusal = "the IOMMU refuses it: nothing is mapped there for the device",
    };

    /// <summary>Finds the next part of a request: the longest from an address on that takes one way.</summary>
    private void Locate(FabricNode requester, DmaAddress address, int wanted, bool isWrite, ref RouteStep step)
    {
        if (requester.Iommu is { } unit)
        {
            Translate(unit, requester, address, (ulong)wanted, isWrite, ref step);
            return;
        }

        step.Route = Find(requester, address);
        step.Offset = address.Value - step.Route.Range.Start.Value;
        step.Length = (int)Math.Min((ulong)wanted, step.Route.Range.End.Value - address.Value);
    }

    private void Translate(IommuUnit unit, FabricNode requester, DmaAddress address, ulong wanted, bool isWrite, ref RouteStep step)
    {
        RequesterRoutes known = RoutesOf(requester);
        step.Walked = SimTime.Zero;
        ulong at = address.Value;
        ulong length = wanted;
        if (IsClaimedBelow(known, requester, address))
        {
            step.Route = Find(requester, address);
        }
        else
        {
            long read = unit.TableReads;
            bool passes = Run(unit, requester, address, wanted, isWrite, ref step, out at, out length);
            step.Walked = Walk((ulong)(unit.TableReads - read));
            step.Route = passes ? FindTranslated(known, requester, at) : s_refusedByIommu;
        }

        if (step.Route.Target == RouteTarget.Refused)
        {
            return;
        }

        ulong most = Math.Min(wanted, length);
        ulong inRange = step.Route.Range.End.Value - at;
        step.Offset = at - step.Route.Range.Start.Value;
        step.Length = (int)Math.Min(most, inRange);
        if (inRange < most)
        {
            // The physical run leaves what this way leads to: the rest is asked for again, by its own address.
            step.HasAhead = false;
        }
    }

    /// <summary>The way that a request would take, without asking the IOMMU for it.</summary>
    private FabricRoute Preview(FabricNode requester, DmaAddress address)
    {
        RequesterRoutes known = RoutesOf(requester);
        if (requester.Iommu is not { } unit || IsClaimedBelow(known, requester, address))
        {
            return Find(requester, address);
        }

        return unit.TryPeek(requester.RequesterId, Pasid.None, address, out IommuTranslation translation)
            ? FindTranslated(known, requester, translation.Address.Value)
            : s_refusedByIommu;
    }

    /// <summary>Translates as far as the physical addresses go on without a gap. The translation after that, or its refusal, is kept for the next part: each page is asked
    /// for once.</summary>
    private static bool Run(IommuUnit unit, FabricNode requester, DmaAddress address, ulong wanted, bool isWrite, ref RouteStep step, out ulong physical, out ulong length)
    {
        if (!step.HasAhead)
        {
            Ask(unit, requester, address, isWrite, ref step);
        }

        step.HasAhead = false;
        physical = step.PhysicalAhead;
        length = step.LengthAhead;
        if (step.IsRefusedAhead)
        {
            return false;
        }

        while (length < wanted)
        {
            Ask(unit, requester, address.Add(length), isWrite, ref step);
            if (step.IsRefusedAhead || step.PhysicalAhead != physical + length)
            {
                return true;
            }

            step.HasAhead = false;
            length += step.LengthAhead;
        }

        return true;
    }

    private static void Ask(IommuUnit unit, FabricNode requester, DmaAddress address, bool isWrite, ref RouteStep step)
    {
        step.HasAhead = true;
        step.IsRefusedAhead = !unit.TryAccess(requester.RequesterId, Pasid.None, address, isWrite, out IommuTranslation translation, out _);
        step.PhysicalAhead = translation.Address.Value;
        step.LengthAhead = step.IsRefusedAhead ? 0 : translation.ContiguousAfter(address);
    }

    /// <summary>What reading table entries takes: each waits for the one above it, and all come out of DRAM. There is no cache of the upper levels.</summary>
    private SimTime Walk(ulong entries)
    {
        if (entries == 0)
        {
            return SimTime.Zero;
        }

        Pass(Dram, _scheduler.Now, entries * TableEntryBytes, entries * TableLineBytes, Traffic.Control);
        return new(entries * _dramLatency.Picoseconds);
    }

    private FabricRoute FindTranslated(RequesterRoutes known, FabricNode requester, ulong physical)
    {
        if (RequesterRoutes.Find(known.Translated, physical) is { } found)
        {
            return found;
        }

        Way way = new();
        FabricNode port = requester.Parent!;
        while (port.Spec.Kind == Scenarios.FabricKind.DownstreamPort)
        {
            way.Up(port);
            port = port.Parent!.Parent!;
        }

        if (port.IsPort)
        {
            way.Up(port);
        }

        found = FromRootComplex(requester, way, physical);
        if (found.Target != RouteTarget.None)
        {
            known.Translated.Add(found);
        }

        return found;
    }

    private static bool IsClaimedBelow(RequesterRoutes known, FabricNode requester, DmaAddress address)
    {
        foreach (DmaRange claim in known.ClaimedBelow ??= [.. ClaimsBelowRoot(requester)])
        {
            if (claim.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What stops a request on its way up: the requester's own BARs, and the windows below each switch that does not redirect it.</summary>
    private static IEnumerable<DmaRange> ClaimsBelowRoot(FabricNode requester)
    {
        if (HasMemoryDecoding(requester))
        {
            foreach (Devices.BarProfile bar in requester.Device!.Profile.Bars.Where(static bar => !bar.IsIo))
            {
                yield return new(new(BarAssignment.Read(requester, bar)), bar.Size);
            }
        }

        for (FabricNode port = requester.Parent!; port.Spec.Kind == Scenarios.FabricKind.DownstreamPort; port = port.Parent!.Parent!)
        {
            if ((port.AcsControl & RequestRedirects) != AcsControl.None)
            {
                continue;
            }

            foreach (FabricNode sibling in port.Parent!.Children.Where(HasMemoryDecoding))
            {
                foreach ((ulong start, ulong length) in BridgeWindow.Open(sibling.Config))
                {
                    yield return new(new(start), length);
                }
            }
        }
    }

    private static bool HasMemoryDecoding(FabricNode node) => (node.Config.Command & PciCommand.MemorySpace) != PciCommand.None;
}
