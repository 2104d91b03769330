// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Broker;

/// <summary>What the broker reckons with: the time until a route can be used, and bytes a nanosecond (which is GB/s) once it is. The defaults are those of a server of today; a scenario
/// gives its own.</summary>
public sealed record PrivateRouteCosts
{
    /// <summary>How often a client reads or writes the bytes once it reaches them; more make migration pay.</summary>
    public double Uses { get; init; } = 1;

    /// <summary>Rate of a private interconnect.</summary>
    public double InterconnectRate { get; init; } = 100;

    /// <summary>Rate below one PCIe switch.</summary>
    public double BusAddressRate { get; init; } = 25;

    /// <summary>Rate between devices through a host bridge, which is where peer-to-peer is slowest (section 3, row 22).</summary>
    public double HostBridgeRate { get; init; } = 10;

    /// <summary>Rate of a device's DMA to RAM.</summary>
    public double RamRate { get; init; } = 25;

    /// <summary>Nanoseconds for one migration: notifiers, page tables, the copy's command.</summary>
    public double MigrationStart { get; init; } = 20_000;

    /// <summary>Nanoseconds for each 4 KiB page that migrates, besides the copy.</summary>
    public double MigrationPerPage { get; init; } = 250;

    /// <summary>Nanoseconds for bytes over an interconnect.</summary>
    public double Interconnect(ulong bytes) => Uses * bytes / InterconnectRate;

    /// <summary>Nanoseconds for bytes through a BAR.</summary>
    public double PeerToPeer(ulong bytes, P2PMapType type) => Uses * bytes / (type == P2PMapType.BusAddress ? BusAddressRate : HostBridgeRate);

    /// <summary>Nanoseconds for bringing bytes to RAM and using them there.</summary>
    public double Migrate(ulong bytes) => MigrationStart + (MigrationPerPage * ((bytes + PageSize.Size4K - 1) >> PageSize.Shift4K)) + ((1 + Uses) * bytes / RamRate);

    internal void Validate()
    {
        double[] rates = [Uses, InterconnectRate, BusAddressRate, HostBridgeRate, RamRate];
        if (Array.Exists(rates, static rate => !(rate > 0)) || !(MigrationStart >= 0) || !(MigrationPerPage >= 0))
        {
            throw new ArgumentException("Rates and uses are above zero, and migration takes no negative time.");
        }
    }
}
