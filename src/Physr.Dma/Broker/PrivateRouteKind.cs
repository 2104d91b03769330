// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Broker;

/// <summary>How another device comes to device-private memory (row R42a).</summary>
public enum PrivateRouteKind
{
    /// <summary>Not at all: the memory is gone, or nobody may.</summary>
    None = 0,

    /// <summary>Over an interconnect that the two devices share.</summary>
    Interconnect = 1,

    /// <summary>Over PCI, through a BAR of the device that owns the memory.</summary>
    PeerToPeer = 2,

    /// <summary>Not where it is: the owner has to bring it to RAM first.</summary>
    Migrate = 3,
}
