// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Config;
using Physr.Pci.Spec;

namespace Physr.Pci.Topology;

/// <summary>One function in a tree of PCI functions.</summary>
public sealed class PciFunction
{
    internal PciFunction(PciFunctionRecord record, PciHostBridge hostBridge)
    {
        Record = record;
        HostBridge = hostBridge;
    }

    /// <summary>Where it sits.</summary>
    public PciAddress Address => Record.Address;

    /// <summary>The bridge above; null on a root bus. A virtual function's is its physical function's.</summary>
    public PciFunction? Upstream { get; internal set; }

    /// <summary>The root of its hierarchy.</summary>
    public PciHostBridge HostBridge { get; }

    /// <summary>Vendor id; all ones when unknown.</summary>
    public ushort VendorId { get; internal set; }

    /// <summary>Device id; all ones when unknown.</summary>
    public ushort DeviceId { get; internal set; }

    /// <summary>24-bit class code: base class, subclass, programming interface.</summary>
    public uint ClassCode { get; internal set; }

    /// <summary>Header layout; type 0 functions are the endpoints of the verdicts.</summary>
    public PciHeaderType HeaderType { get; internal set; }

    /// <summary>What the function is on PCI Express; null for a conventional function.</summary>
    public PciePortType? PortType { get; internal set; }

    /// <summary>BARs, ROM, windows.</summary>
    public IReadOnlyList<PciResource> Resources => Record.Resources;

    /// <summary>Whether one of the six BARs decodes memory, so that the function can be a provider.</summary>
    public bool HasMemoryBar { get; internal set; }

    /// <summary>Where the ACS capability starts, in bytes; 0 where there is none or none was seen.</summary>
    public int AcsOffset { get; internal set; }

    /// <summary>The ACS bits in force; none where the function has no ACS.</summary>
    public AcsControl AcsControl { get; internal set; }

    /// <summary>Whether ACS could be read (or is known to be absent). Where not, no redirection is assumed, and every verdict that rests on it says so.</summary>
    public bool IsAcsKnown { get; internal set; }

    /// <summary>Whether this function's own ACS bits take peer requests off the direct route (row R50a).</summary>
    public bool IsRedirecting => (AcsControl & AcsControl.Redirects) != AcsControl.None;

    /// <summary>Whether this is an SR-IOV virtual function.</summary>
    public bool IsVirtualFunction => Record.PhysicalFunction is not null;

    /// <summary>The physical function of a virtual one, where the tree has it.</summary>
    public PciFunction? PhysicalFunction { get; internal set; }

    /// <summary>NUMA node, or −1.</summary>
    public int NumaNode => Record.NumaNode;

    /// <summary>The link's present speed in sysfs's words; null for conventional functions.</summary>
    public string? LinkSpeed => Record.LinkSpeed;

    /// <summary>The link's present width in lanes; 0 where unknown.</summary>
    public int LinkWidth => Record.LinkWidth;

    /// <summary>The IOMMU group's number, where the host has one.</summary>
    public int? IommuGroup => Record.IommuGroup;

    /// <summary>Configuration space, as much as the source could read.</summary>
    public ConfigSpace? Config => Record.Config;

    /// <summary>How many bridges are above.</summary>
    public int Depth { get; internal set; }

    /// <summary>Its place in <see cref="PciTopology.Functions"/>, for tables indexed by function.</summary>
    public int Index { get; internal set; }

    /// <summary>What the source said.</summary>
    public PciFunctionRecord Record { get; }

    /// <summary>Vendor and device id as <c>8086:2032</c>.</summary>
    public string Id => $"{VendorId:x4}:{DeviceId:x4}";

    /// <summary>The address.</summary>
    public override string ToString() => Address.ToString();
}
