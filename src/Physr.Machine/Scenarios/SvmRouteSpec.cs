// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>How a GPU reaches a process's memory on one route.</summary>
/// <param name="MemoryBytes">Bytes of its memory that have page descriptors, from its start; the rest holds its page tables. A multiple of 2 MiB.</param>
/// <param name="DataBytes">Bytes that the process fills and the GPU works on, a multiple of 2 MiB.</param>
/// <param name="Policy">What a fault of the GPU leads to.</param>
/// <param name="GranuleBytes">How much around a fault is dealt with at once: a power of two from 4 KiB to 2 MiB.</param>
/// <param name="HugePages">Whether the process's data is in pages of 2 MiB.</param>
/// <param name="Numbering">How the GPU's pages are numbered.</param>
/// <param name="Hotplug">RAM that is added while the GPU has pages; null is none.</param>
public sealed record SvmRouteSpec(
    ulong MemoryBytes, ulong DataBytes, SvmPolicy Policy, ulong GranuleBytes, bool HugePages, PrivateNumbering Numbering, PhysicalRange? Hotplug);
