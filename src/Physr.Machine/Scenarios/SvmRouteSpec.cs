// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>How a GPU reaches a process's memory on one route.</summary>
/// <param name="Policy">What a fault of the GPU leads to.</param>
/// <param name="GranuleBytes">How much around a fault is dealt with at once: a power of two from 4 KiB to 2 MiB.</param>
/// <param name="HugePages">Whether the process's data is in pages of 2 MiB.</param>
/// <param name="Numbering">How the GPU's pages are numbered.</param>
/// <param name="Hotplug">RAM that is added while the GPU has pages; null is none.</param>
public sealed record SvmRouteSpec(SvmPolicy Policy, ulong GranuleBytes, bool HugePages, PrivateNumbering Numbering, PhysicalRange? Hotplug);
