// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Storage.Pmem;

/// <summary>One way to use memory, and what it costs in page descriptors.</summary>
/// <param name="Name">Such as <c>devdax 2MiB</c>.</param>
/// <param name="Memory">What kind.</param>
/// <param name="RamBytes">Descriptor bytes taken from RAM.</param>
/// <param name="DeviceBytes">Descriptor bytes taken from the memory itself.</param>
/// <param name="UsableBytes">Bytes left for data.</param>
/// <param name="WasteBytes">Bytes that are neither data nor descriptors.</param>
/// <param name="Why">Where descriptors and waste come from; why it cannot be, where it cannot.</param>
/// <param name="IsPossible">Whether memory of this size can be used so; all figures are 0 where not.</param>
/// <param name="IsChosen">Whether it is the one that was asked for.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DescriptorChoice(
    string Name, PlannedMemory Memory, ulong RamBytes, ulong DeviceBytes, ulong UsableBytes, ulong WasteBytes, string Why, bool IsPossible, bool IsChosen)
{
    /// <summary>Descriptor bytes, wherever they lie.</summary>
    public ulong DescriptorBytes => RamBytes + DeviceBytes;
}
