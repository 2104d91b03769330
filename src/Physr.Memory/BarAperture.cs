// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>One base address register, as a device describes it to its <see cref="P2PProviderSet"/>.</summary>
/// <param name="Number">Which, 0 to 5.</param>
/// <param name="Range">Its bytes in the CPU's physical addresses; empty when the BAR is not there.</param>
/// <param name="BusStart">Its first byte as seen on the bus.</param>
/// <param name="IsMemory">Whether it is a memory BAR; I/O ports have no provider (row R43c).</param>
public readonly record struct BarAperture(int Number, PhysicalRange Range, DmaAddress BusStart, bool IsMemory = true);
