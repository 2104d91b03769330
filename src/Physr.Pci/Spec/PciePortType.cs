// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>What a PCI Express function is (bits 7:4 of <see cref="PcieCapability.Capabilities"/>).</summary>
public enum PciePortType : byte
{
    /// <summary>An endpoint.</summary>
    Endpoint = 0,

    /// <summary>A legacy endpoint.</summary>
    LegacyEndpoint = 1,

    /// <summary>A root port: a root complex's bridge to one link.</summary>
    RootPort = 4,

    /// <summary>A switch's upstream port.</summary>
    UpstreamPort = 5,

    /// <summary>A switch's downstream port.</summary>
    DownstreamPort = 6,

    /// <summary>A bridge from PCI Express to PCI or PCI-X.</summary>
    PcieToPciBridge = 7,

    /// <summary>A bridge from PCI or PCI-X to PCI Express.</summary>
    PciToPcieBridge = 8,

    /// <summary>An endpoint integrated in the root complex.</summary>
    RootComplexIntegratedEndpoint = 9,

    /// <summary>A root complex event collector.</summary>
    RootComplexEventCollector = 10,
}
