// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Machine.Devices;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Pci;
using Physr.Pci.Config;
using Physr.Pci.Spec;

namespace Physr.Machine.Fabric;

/// <summary>One node of the PCIe tree: a host bridge, a port, a switch or a device, with its configuration space.</summary>
public sealed class FabricNode
{
    private readonly List<FabricNode> _children = [];

    internal FabricNode(FabricSpec spec, FabricNode? parent, EmulatedConfigSpace config, DeviceModel? device)
    {
        Spec = spec;
        Parent = parent;
        Config = config;
        Device = device;
        parent?._children.Add(this);
    }

    /// <summary>The name in the scenario.</summary>
    public string Name => Spec.Name;

    /// <summary>What the scenario says of it.</summary>
    public FabricSpec Spec { get; }

    /// <summary>The node above.</summary>
    public FabricNode? Parent { get; }

    /// <summary>The nodes below.</summary>
    public IReadOnlyList<FabricNode> Children => _children;

    /// <summary>Its configuration space; a host bridge's is that of the function 00.0 on its root bus.</summary>
    public EmulatedConfigSpace Config { get; }

    /// <summary>The device model, of a device.</summary>
    public DeviceModel? Device { get; }

    /// <summary>Its address after enumeration.</summary>
    public PciAddress Address
    {
        get;
        internal set
        {
            field = value;
            RequesterId = new((ushort)value.Domain, value.Bus, value.Device, value.Function);
        }
    }

    /// <summary>The link below a root or downstream port; null without a child.</summary>
    public FabricLink? Link { get; internal set; }

    /// <summary>What a host bridge decodes for the buses below it, in the CPU's addresses; none for other nodes.</summary>
    public IReadOnlyList<PhysicalRange> RootWindows { get; internal set; } = [];

    /// <summary>The IOMMU that requests of this device meet at the root complex; null where there is none.</summary>
    public IommuUnit? Iommu { get; internal set; }

    /// <summary>Who the device is to it.</summary>
    public RequesterId RequesterId { get; private set; }

    /// <summary>Whether the device is in its slot.</summary>
    public bool IsPresent { get; internal set; } = true;

    /// <summary>Until when the device's memory has served peers, for its track in traces.</summary>
    internal SimTime ServedUntil { get; set; }

    /// <summary>Whether bytes enter and leave through this node's link.</summary>
    public bool IsPort => Spec.Kind is FabricKind.RootPort or FabricKind.DownstreamPort;

    /// <summary>The host bridge above, or the node itself.</summary>
    public FabricNode HostBridge => Parent is null ? this : Parent.HostBridge;

    /// <summary>Whether a node is somewhere above this one.</summary>
    public bool IsBelow(FabricNode node)
    {
        for (FabricNode? at = Parent; at is not null; at = at.Parent)
        {
            if (ReferenceEquals(at, node))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>ACS control bits in force, read from configuration space each time.</summary>
    public AcsControl AcsControl => Config.FindAcs(out _, out AcsControl control) == CapabilityLookup.Found ? control : AcsControl.None;

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
