// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Pci.Spec;

namespace Physr.Pci.Topology;

public sealed partial class PciTopology
{
    /// <summary>The bridge above each function: what the source said, else by bus numbers; never a loop.</summary>
    private static Dictionary<PciAddress, PciAddress?> FindParents(
        SortedDictionary<PciAddress, PciFunctionRecord> records, ICollection<PciDiagnostic> diagnostics)
    {
        Dictionary<(uint Domain, byte Bus), PciAddress> bridgeOfBus = FindBridges(records.Values);
        var parents = new Dictionary<PciAddress, PciAddress?>();
        foreach (PciFunctionRecord record in records.Values)
        {
            parents[record.Address] = FindParent(record, records, bridgeOfBus, diagnostics);
        }

        foreach (PciAddress start in records.Keys)
        {
            var seen = new HashSet<PciAddress> { start };
            for (PciAddress at = start; parents[at] is { } up; at = up)
            {
                if (!seen.Add(up))
                {
                    parents[at] = null;
                    diagnostics.Add(new($"{at}", "parent", $"the bridges above it form a loop through {up}", "assumed on a root bus"));
                    break;
                }
            }
        }

        return parents;
    }

    private static PciAddress? FindParent(
        PciFunctionRecord record,
        SortedDictionary<PciAddress, PciFunctionRecord> records,
        Dictionary<(uint Domain, byte Bus), PciAddress> bridgeOfBus,
        ICollection<PciDiagnostic> diagnostics)
    {
        PciFunctionRecord placed = record;
        if (record.PhysicalFunction is { } physical)
        {
            if (records.TryGetValue(physical, out PciFunctionRecord? owner) && owner.PhysicalFunction is null)
            {
                placed = owner;
            }
            else
            {
                diagnostics.Add(new($"{record.Address}", "physfn", $"{physical} is not there as a physical function", "its own place in the tree counts"));
            }
        }

        if (!placed.IsPlaceKnown)
        {
            return bridgeOfBus.TryGetValue((placed.Address.Domain, placed.Address.Bus), out PciAddress bridge) ? bridge : null;
        }

        if (placed.Parent is { } parent && !records.ContainsKey(parent))
        {
            diagnostics.Add(new($"{record.Address}", "parent", $"the bridge {parent} is not there", "assumed on a root bus"));
            return null;
        }

        return placed.Parent;
    }

    private static Dictionary<(uint Domain, byte Bus), PciAddress> FindBridges(IEnumerable<PciFunctionRecord> records)
    {
        var bridges = new Dictionary<(uint Domain, byte Bus), PciAddress>();
        foreach (PciFunctionRecord record in records)
        {
            bool isBridge = record.Config is { } c && c.Has(ConfigRegister.SubordinateBus, 1)
                && (c.ReadByte(ConfigRegister.HeaderType) & 0x7f) == (int)PciHeaderType.Bridge;
            if (isBridge && record.Config!.ReadByte(ConfigRegister.SecondaryBus) > record.Address.Bus)
            {
                bridges.TryAdd((record.Address.Domain, record.Config.ReadByte(ConfigRegister.SecondaryBus)), record.Address);
            }
        }

        return bridges;
    }

    private static string HostBridgeName(
        PciAddress address, SortedDictionary<PciAddress, PciFunctionRecord> records, Dictionary<PciAddress, PciAddress?> parents)
    {
        PciAddress root = address;
        while (parents[root] is { } up)
        {
            root = up;
        }

        PciFunctionRecord record = records[root];
        if (record.PhysicalFunction is { } physical && records.TryGetValue(physical, out PciFunctionRecord? owner))
        {
            record = owner;
        }

        return record.HostBridge ?? string.Create(CultureInfo.InvariantCulture, $"pci{record.Address.Domain:x4}:{record.Address.Bus:x2}");
    }
}
