// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Gpu;

/// <summary>What a GPU has.</summary>
public sealed record GpuOptions
{
    /// <summary>The PCI vendor; Red Hat's, as QEMU's devices.</summary>
    public ushort VendorId { get; init; } = 0x1B36;

    /// <summary>The PCI device.</summary>
    public ushort DeviceId { get; init; } = 0x0053;

    /// <summary>Bytes of memory, a multiple of 1 MiB, no less than the aperture.</summary>
    public ulong MemorySize { get; init; } = 1UL << 30;

    /// <summary>Bytes of the aperture, a power of two, at least 1 MiB.</summary>
    public ulong ApertureSize { get; init; } = 256UL << 20;

    /// <summary>What copies within the memory, and fills, take: bytes a second.</summary>
    public ulong MemoryBytesPerSecond { get; init; } = 800_000_000_000;

    /// <summary>What the engine takes to begin a command.</summary>
    public SimTime CommandDelay { get; init; } = SimTime.FromNanoseconds(500);

    /// <summary>Bytes moved at a time.</summary>
    public int PieceSize { get; init; } = 64 << 10;

    /// <summary>Accesses that the compute engine has under way at a time, 1 to 64.</summary>
    public int Lanes { get; init; } = 16;

    /// <summary>What reading one entry of the page tables takes; a translation that is not cached reads up to four, one after the other.</summary>
    public SimTime WalkStep { get; init; } = SimTime.FromNanoseconds(100);

    /// <summary>What an invalidation takes where no access holds it up.</summary>
    public SimTime InvalidateDelay { get; init; } = SimTime.FromNanoseconds(500);

    /// <summary>MSI-X vectors; copies' completions use the first, the compute engine's the second, faults the third.</summary>
    public int Vectors { get; init; } = 4;
}
