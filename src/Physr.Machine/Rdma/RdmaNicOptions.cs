// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <summary>What a NIC has.</summary>
public sealed record RdmaNicOptions
{
    /// <summary>The PCI vendor; Red Hat's, as QEMU's devices.</summary>
    public ushort VendorId { get; init; } = 0x1B36;

    /// <summary>The PCI device.</summary>
    public ushort DeviceId { get; init; } = 0x0052;

    /// <summary>Queue pairs, and as many completion queues; at most <see cref="Spec.RdmaLimits.MaxQueues"/>.</summary>
    public int MaxQueues { get; init; } = 64;

    /// <summary>Memory regions and, apart, protection domains.</summary>
    public int MaxRegions { get; init; } = 1024;

    /// <summary>Block addresses that all regions together may have: the size of the device's own translation memory, 8 bytes each.</summary>
    public uint MaxTranslations { get; init; } = 1U << 24;

    /// <summary>MSI-X vectors.</summary>
    public int Vectors { get; init; } = 16;

    /// <summary>What the device takes to look at a work request or command.</summary>
    public SimTime RequestDelay { get; init; } = SimTime.FromNanoseconds(100);
}
