// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Topology;

namespace Physr.Pci.Routing;

public sealed partial class P2PRouter
{
    /// <summary>Whether one host bridge passes peer-to-peer traffic, and why.</summary>
    /// <param name="host">The host bridge.</param>
    /// <param name="sameHostBridge">Whether both ends are below it.</param>
    public HostBridgeVerdict JudgeHostBridge(PciHostBridge host, bool sameHostBridge)
    {
        if (Rules.IsZen)
        {
            return HostBridgeVerdict.Zen;
        }

        if (host.Representative is not { } device)
        {
            return HostBridgeVerdict.NoRepresentative;
        }

        if (HostBridgeList.Find(device.VendorId, device.DeviceId, Rules.Release) is not { } row)
        {
            return HostBridgeVerdict.NotListed;
        }

        return row.SameHostBridgeOnly && !sameHostBridge ? HostBridgeVerdict.SameHostBridgeOnly : HostBridgeVerdict.Listed;
    }

    internal static bool Passes(HostBridgeVerdict verdict) => verdict is HostBridgeVerdict.Zen or HostBridgeVerdict.Listed;
}
