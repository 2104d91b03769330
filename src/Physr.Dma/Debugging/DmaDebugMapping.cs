// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>A mapping as the debugger knows it.</summary>
/// <param name="Device">Whose.</param>
/// <param name="Kind">By which function.</param>
/// <param name="Range">Where the device finds it.</param>
/// <param name="Memory">The first byte in physical memory; null where that is not known.</param>
/// <param name="Direction">Which way the bytes may go.</param>
/// <param name="Attributes">What else was said.</param>
/// <param name="ListEntries">For a list, the entries that it was mapped with; 0 otherwise.</param>
/// <param name="Event">The number of the event that made it, from 1.</param>
public readonly record struct DmaDebugMapping(
    DmaDevice Device, DmaMapKind Kind, DmaRange Range, PhysicalAddress? Memory, DmaDirection Direction, DmaAttributes Attributes, int ListEntries, long Event)
{
    /// <summary>The mapping as <c>0x1000+4096 Page ToDevice</c>.</summary>
    public override string ToString() => $"{Range.Start}+{Range.Length} {DmaDebugWords.Of(Kind)}, {DmaDebugWords.Of(Direction)}";
}
