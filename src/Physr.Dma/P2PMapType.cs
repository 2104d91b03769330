// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma;

/// <summary>How a client device may reach a peer's memory (the kernel's <c>pci_p2pdma_map_type</c>, section 1.5).</summary>
public enum P2PMapType
{
    /// <summary>Not asked yet.</summary>
    Unknown = 0,

    /// <summary>The memory is not peer-to-peer memory: the ordinary path.</summary>
    None = 1,

    /// <summary>The client can never reach the provider: <see cref="Errno.EREMOTEIO"/>, do not retry.</summary>
    NotSupported = 2,

    /// <summary>Below one switch and without redirection: the client uses the provider's bus address, and no IOMMU sees it.</summary>
    BusAddress = 3,

    /// <summary>Routed through the host bridge: the client uses a physical address or an IOVA, as for RAM.</summary>
    ThroughHostBridge = 4,
}
