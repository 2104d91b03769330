// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests.Infrastructure;

/// <summary>The rules again, as directly as they can be said: no chains, no counts, no cache, and its own copy of the list of 6.12.</summary>
public sealed class NaiveOracle(IReadOnlyList<PciFunctionRecord> records, bool zen)
{
    private static readonly Dictionary<int, bool> SameOnly = new()
    {
        [0x3c00] = true,
        [0x3c01] = true,
        [0x2f00] = true,
        [0x2f01] = true,
        [0x2030] = false,
        [0x2031] = false,
        [0x2032] = false,
        [0x2033] = false,
        [0x2020] = false,
        [0x09a2] = false,
    };

    public (P2PMapType Type, int Distance, int PathDistance, string Offenders) Judge(PciAddress provider, PciAddress client)
    {
        var offenders = new List<PciAddress>();
        PciAddress? a = provider;
        for (int up = 0; a is { } nodeA; up++, a = Up(nodeA))
        {
            if (Redirects(nodeA))
            {
                offenders.Add(nodeA);
            }

            PciAddress? b = client;
            for (int down = 0; b is { } nodeB; down++, b = Up(nodeB))
            {
                if (nodeA == nodeB)
                {
                    for (PciAddress? leg = client; leg != nodeA; leg = Up(leg.Value))
                    {
                        if (Redirects(leg!.Value))
                        {
                            offenders.Add(leg.Value);
                        }
                    }

                    bool direct = offenders.Count == 0;
                    return Result(direct ? P2PMapType.BusAddress : Host(provider, client), up + down, offenders);
                }
            }
        }

        return Result(Host(provider, client), Nodes(provider) + Nodes(client), []);
    }

    private static (P2PMapType Type, int Distance, int PathDistance, string Offenders) Result(P2PMapType type, int path, List<PciAddress> offenders) =>
        (type, type == P2PMapType.NotSupported ? -1 : path, path, string.Join(", ", offenders));

    private P2PMapType Host(PciAddress provider, PciAddress client)
    {
        (uint, byte) a = RootBus(provider);
        (uint, byte) b = RootBus(client);
        bool allowed = zen || (Listed(a, a == b) && Listed(b, a == b));
        return allowed ? P2PMapType.ThroughHostBridge : P2PMapType.NotSupported;
    }

    private bool Listed((uint Domain, byte Bus) root, bool same)
    {
        PciFunctionRecord first = records
            .Where(r => r.PhysicalFunction is null && r.Parent is null && r.Address.Domain == root.Domain && r.Address.Bus == root.Bus)
            .MinBy(static r => r.Address.DeviceFunction)!;
        bool isRootPort = (first.Config!.ReadWord(0x42) >> 4 & 0xf) == 4 && first.Config.ReadByte(0x40) == 0x10;
        if (first.Address.DeviceFunction != 0 && !isRootPort)
        {
            return false;
        }

        return first.VendorId == 0x8086 && SameOnly.TryGetValue(first.DeviceId!.Value, out bool only) && (!only || same);
    }

    private (uint Domain, byte Bus) RootBus(PciAddress address)
    {
        PciAddress at = Physical(address);
        while (Up(at) is { } up)
        {
            at = up;
        }

        return (at.Domain, at.Bus);
    }

    private int Nodes(PciAddress address) => Up(address) is { } up ? 1 + Nodes(up) : 1;

    private PciAddress Physical(PciAddress address) => Find(address).PhysicalFunction ?? address;

    private PciAddress? Up(PciAddress address) => Find(Physical(address)).Parent;

    private PciFunctionRecord Find(PciAddress address) => records.First(r => r.Address == address);

    private bool Redirects(PciAddress address)
    {
        PciFunctionRecord record = Find(address);
        return record.Config!.Length == 4096 && record.Config.ReadWord(0x100) == 0x000d && (record.Config.ReadWord(0x106) & 0b10_1100) != 0;
    }
}
