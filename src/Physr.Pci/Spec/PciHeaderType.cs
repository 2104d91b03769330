// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>The layout of a configuration header (bits 6:0 of <see cref="ConfigRegister.HeaderType"/>).</summary>
public enum PciHeaderType : byte
{
    /// <summary>Type 0: an endpoint, a host bridge, anything that is no bridge between PCI buses.</summary>
    Endpoint = 0,

    /// <summary>Type 1: a bridge between two PCI buses; every PCI Express port is one.</summary>
    Bridge = 1,

    /// <summary>Type 2: a CardBus bridge.</summary>
    CardBus = 2,
}
