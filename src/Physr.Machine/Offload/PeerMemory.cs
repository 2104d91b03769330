// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Fabric;
using Physr.Machine.Scenarios;
using Physr.Memory;

namespace Physr.Machine.Offload;

/// <summary>A device's memory that it publishes for peers: its CMB or its aperture, as a pool.</summary>
internal sealed class PeerMemory : IDisposable
{
    private PeerMemory(FabricNode node, P2PProvider provider, P2PPool pool)
    {
        Node = node;
        Provider = provider;
        Pool = pool;
    }

    public FabricNode Node { get; }

    public P2PProvider Provider { get; }

    public P2PPool Pool { get; }

    /// <summary>The BAR that peers may use, or null for a device that offers none.</summary>
    public static BarProfile? PublishedBar(FabricNode node)
    {
        // Memory without side effects is what a device may offer: a CMB, an aperture; never its registers.
        bool offers = node.Spec.Kind == FabricKind.Gpu || (node.Spec.Kind == FabricKind.Nvme && node.Spec.CmbBytes != 0);
        return offers ? node.Device?.Profile.Bars.FirstOrDefault(static bar => bar.IsPrefetchable) : null;
    }

    /// <summary>Publishes a device's memory.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="node">The device.</param>
    /// <param name="backing">Whether page descriptors are made for it.</param>
    public static PeerMemory Publish(SimulatedMachine machine, FabricNode node, P2PPoolBacking backing)
    {
        BarProfile bar = PublishedBar(node) ?? throw new PhysrException("publish peer memory", node.Name, Errno.ENODEV, "the device has no memory for peers");
        P2PProvider provider = machine.ProviderOf(node, bar.Index);
        P2PPool pool = new(machine.Providers(node), backing);
        Errno errno = pool.AddResource(bar.Index, 0, 0, out string reason);
        if (errno != Errno.None)
        {
            throw new PhysrException("publish peer memory", $"{node.Name} BAR {bar.Index}", errno, reason);
        }

        pool.IsPublished = true;
        return new(node, provider, pool);
    }

    public void Dispose() => Pool.Dispose();
}
