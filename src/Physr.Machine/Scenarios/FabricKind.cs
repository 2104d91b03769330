// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>What a node of the fabric is.</summary>
public enum FabricKind
{
    /// <summary>A host bridge: the top of a PCI tree.</summary>
    HostBridge,

    /// <summary>A root port.</summary>
    RootPort,

    /// <summary>A switch: its upstream port and the bus inside.</summary>
    Switch,

    /// <summary>A downstream port of a switch.</summary>
    DownstreamPort,

    /// <summary>An NVMe controller.</summary>
    Nvme,

    /// <summary>An RDMA-capable NIC.</summary>
    RdmaNic,

    /// <summary>A GPU with an aperture.</summary>
    Gpu,

    /// <summary>A function whose BARs are plain memory, as one that is assigned to a virtual machine.</summary>
    Endpoint,

    /// <summary>Persistent memory on a card: a BAR whose bytes survive a power cut.</summary>
    Pmem,
}
