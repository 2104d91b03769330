// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>One node of the fabric. Properties that a kind does not have are null or zero.</summary>
public sealed record FabricSpec
{
    /// <summary>The node's name, unique in the scenario.</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required FabricKind Kind { get; init; }

    /// <summary>The node above it; null for a host bridge.</summary>
    public string? Under { get; init; }

    /// <summary>PCI vendor id, where the author gave one.</summary>
    public ushort? VendorId { get; init; }

    /// <summary>PCI device id, where the author gave one.</summary>
    public ushort? DeviceId { get; init; }

    /// <summary>ACS control bits that are set (PCIe Base Specification, section 7.7.11.3); null is a port without the capability.</summary>
    public ushort? AcsControl { get; init; }

    /// <summary>PCIe generation of the link below a root or downstream port, 1 to 6.</summary>
    public int LinkGeneration { get; init; }

    /// <summary>Lanes of that link.</summary>
    public int LinkLanes { get; init; }

    /// <summary>Host bridge: bus address minus CPU address of its 64-bit window, wrapping. The window below 4 GiB is never offset.</summary>
    public ulong BusOffset { get; init; }

    /// <summary>Device: how many address bits it can put on the bus; 64 is all (<c>dma_set_mask</c>).</summary>
    public int DmaMaskBits { get; init; } = 64;

    /// <summary>NVMe: namespaces.</summary>
    public IReadOnlyList<NamespaceSpec> Namespaces { get; init; } = [];

    /// <summary>NVMe: size of the Controller Memory Buffer in bytes; 0 is none.</summary>
    public ulong CmbBytes { get; init; }

    /// <summary>NVMe: which BAR holds the Controller Memory Buffer.</summary>
    public int CmbBar { get; init; } = 4;

    /// <summary>NVMe: media read rate, bytes per second.</summary>
    public ulong ReadBytesPerSecond { get; init; }

    /// <summary>NVMe: media write rate, bytes per second.</summary>
    public ulong WriteBytesPerSecond { get; init; }

    /// <summary>NVMe: media latency.</summary>
    public ulong LatencyNanoseconds { get; init; }

    /// <summary>GPU: bytes of the aperture BAR.</summary>
    public ulong ApertureBytes { get; init; }

    /// <summary>GPU: bytes of memory behind it. Persistent memory: its bytes, all of them in its BAR.</summary>
    public ulong MemoryBytes { get; init; }

    /// <summary>Persistent memory: the file that holds its bytes, absolute; null for memory of the run.</summary>
    public string? BackingPath { get; init; }

    /// <summary>Endpoint: bytes of BARs 0, 2 and 4.</summary>
    public IReadOnlyList<ulong> BarBytes { get; init; } = [];
}
