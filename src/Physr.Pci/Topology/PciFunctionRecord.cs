// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Config;

namespace Physr.Pci.Topology;

/// <summary>What a source (sysfs, a capture, a dump, a scenario) knows about one function, before the functions are linked to a tree.</summary>
/// <remarks>Everything but the address may be missing; <see cref="PciTopology.Build"/> says what it assumed.</remarks>
public sealed record PciFunctionRecord
{
    /// <summary>Where the function sits.</summary>
    public required PciAddress Address { get; init; }

    /// <summary>The bridge above; null on a root bus, or when <see cref="IsPlaceKnown"/> is false.</summary>
    public PciAddress? Parent { get; init; }

    /// <summary>The host bridge's name, <c>pci0000:00</c>; null is made of the domain and the root bus.</summary>
    public string? HostBridge { get; init; }

    /// <summary>Whether the source knows the bridge above (or that there is none). Otherwise it is found by the bridges' bus numbers.</summary>
    public bool IsPlaceKnown { get; init; } = true;

    /// <summary>The physical function, of a virtual one.</summary>
    public PciAddress? PhysicalFunction { get; init; }

    /// <summary>Vendor id; null is read from the configuration space.</summary>
    public ushort? VendorId { get; init; }

    /// <summary>Device id; null is read from the configuration space.</summary>
    public ushort? DeviceId { get; init; }

    /// <summary>Subsystem vendor id, 0 where there is none.</summary>
    public ushort SubsystemVendorId { get; init; }

    /// <summary>Subsystem id, 0 where there is none.</summary>
    public ushort SubsystemId { get; init; }

    /// <summary>24-bit class code; null is read from the configuration space.</summary>
    public uint? ClassCode { get; init; }

    /// <summary>Configuration space, as much as was read.</summary>
    public ConfigSpace? Config { get; init; }

    /// <summary>BARs and windows.</summary>
    public IReadOnlyList<PciResource> Resources { get; init; } = [];

    /// <summary>NUMA node, or −1.</summary>
    public int NumaNode { get; init; } = -1;

    /// <summary>The link's present speed as sysfs words it (<c>16.0 GT/s PCIe</c>); null for conventional functions.</summary>
    public string? LinkSpeed { get; init; }

    /// <summary>The link's present width in lanes; 0 where unknown.</summary>
    public int LinkWidth { get; init; }

    /// <summary>The IOMMU group's number, where the host has one.</summary>
    public int? IommuGroup { get; init; }
}
