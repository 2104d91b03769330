// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Pci.Config;
using Physr.Pci.Spec;

namespace Physr.Machine.Fabric;

/// <summary>Makes the nodes of a scenario, with configuration spaces that say what they are, and plugs devices in.</summary>
internal static class FabricAssembly
{
    private const ushort DefaultVendor = 0x1b36;
    private const ushort RootPortId = 0x000c;
    private const ushort SwitchId = 0x8232;
    private const ushort DownstreamId = 0x8233;
    private const ushort HostBridgeId = 0x0008;
    private const uint HostBridgeClass = 0x060000;
    private const uint PciBridgeClass = 0x060400;

    /// <summary>What every port here can enforce.</summary>
    private const AcsControl PortAcs = AcsControl.SourceValidation | AcsControl.TranslationBlocking | AcsControl.RequestRedirect
        | AcsControl.CompletionRedirect | AcsControl.UpstreamForwarding | AcsControl.EgressControl | AcsControl.DirectTranslated;

    public static void Build(PciFabric fabric, Scheduler scheduler, IReadOnlyList<FabricSpec> specs, Func<FabricSpec, DeviceModel> devices)
    {
        Dictionary<string, FabricNode> made = new(StringComparer.Ordinal);
        foreach (FabricSpec spec in specs)
        {
            FabricNode? parent = spec.Under is null ? null : made[spec.Under];
            DeviceModel? device = spec.Kind is FabricKind.Nvme or FabricKind.RdmaNic or FabricKind.Gpu or FabricKind.Endpoint or FabricKind.Pmem ? devices(spec) : null;
            FabricNode node = new(spec, parent, Configure(spec, parent, device), device);
            made.Add(spec.Name, node);
            fabric.Add(node);
            if (parent?.IsPort == true)
            {
                string upper = parent.Spec.Kind == FabricKind.DownstreamPort ? parent.Parent!.Name : parent.Name;
                parent.Link = new(upper, node.Name, parent.Spec.LinkGeneration, parent.Spec.LinkLanes);
            }
        }

        foreach (FabricNode node in made.Values)
        {
            node.Device?.Attach(new DeviceSlot(fabric, scheduler, node));
        }
    }

    private static EmulatedConfigSpace Configure(FabricSpec spec, FabricNode? parent, DeviceModel? device)
    {
        ConfigSpaceBuilder builder = device is null ? Bridge(spec, parent) : Endpoint(spec, parent!, device.Profile);
        if (spec.AcsControl is { } acs)
        {
            builder.Acs(PortAcs, (AcsControl)acs);
        }

        return builder.Build();
    }

    private static ConfigSpaceBuilder Bridge(FabricSpec spec, FabricNode? parent)
    {
        ushort vendor = spec.VendorId ?? DefaultVendor;
        int generation = spec.LinkGeneration;
        int lanes = spec.LinkLanes;
        switch (spec.Kind)
        {
            case FabricKind.HostBridge:
                return new(PciHeaderType.Endpoint, vendor, spec.DeviceId ?? HostBridgeId, HostBridgeClass);
            case FabricKind.RootPort:
                return new ConfigSpaceBuilder(PciHeaderType.Bridge, vendor, spec.DeviceId ?? RootPortId, PciBridgeClass)
                    .Express(PciePortType.RootPort, generation, lanes, slot: 0);
            case FabricKind.Switch:
                return new ConfigSpaceBuilder(PciHeaderType.Bridge, vendor, spec.DeviceId ?? SwitchId, PciBridgeClass)
                    .Express(PciePortType.UpstreamPort, parent!.Spec.LinkGeneration, parent.Spec.LinkLanes);
            default:
                return new ConfigSpaceBuilder(PciHeaderType.Bridge, vendor, spec.DeviceId ?? DownstreamId, PciBridgeClass)
                    .Express(PciePortType.DownstreamPort, generation, lanes, slot: 0);
        }
    }

    private static ConfigSpaceBuilder Endpoint(FabricSpec spec, FabricNode parent, DeviceProfile profile)
    {
        ConfigSpaceBuilder builder = new(PciHeaderType.Endpoint, spec.VendorId ?? profile.VendorId, spec.DeviceId ?? profile.DeviceId, profile.ClassCode);
        foreach (BarProfile bar in profile.Bars)
        {
            BarKind kind = bar.IsIo ? BarKind.Io : bar.Is64Bit ? BarKind.Memory64 : BarKind.Memory32;
            builder.Bar(bar.Index, kind, bar.Size, bar.IsPrefetchable);
        }

        return builder.PowerManagement().Express(PciePortType.Endpoint, Math.Max(1, parent.Spec.LinkGeneration), Math.Max(1, parent.Spec.LinkLanes));
    }
}
