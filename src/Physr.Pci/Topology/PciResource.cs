// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Pci.Spec;

namespace Physr.Pci.Topology;

/// <summary>One resource of a function: a BAR, the expansion ROM, or a bridge's window.</summary>
/// <param name="Index">Its line in sysfs <c>resource</c>, from 0: 0 to 5 are the BARs, 6 the ROM, 7 and more what the kernel adds.</param>
/// <param name="Range">The CPU's physical addresses; with <see cref="PciResourceFlags.Unset"/> only the length means something.</param>
/// <param name="Flags">What it is.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PciResource(int Index, PhysicalRange Range, PciResourceFlags Flags)
{
    /// <summary>How many of the lines are standard BARs, and so can be peer-to-peer providers (row R43a).</summary>
    public const int StandardBars = 6;

    /// <summary>Whether this is a BAR that decodes memory: what a peer can reach.</summary>
    public bool IsMemoryBar => Index < StandardBars && (Flags & PciResourceFlags.Memory) != PciResourceFlags.None && !Range.IsEmpty;

    /// <summary>Whether it has an address.</summary>
    public bool IsAssigned => (Flags & PciResourceFlags.Unset) == PciResourceFlags.None && !Range.IsEmpty;
}
