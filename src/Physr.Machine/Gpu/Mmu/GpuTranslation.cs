// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Mmu;

/// <summary>What a virtual address leads to.</summary>
/// <param name="IsSystem">Whether <paramref name="Address"/> is one on the bus; else it is an offset in the GPU's memory.</param>
/// <param name="Address">Where the byte is.</param>
internal readonly record struct GpuTranslation(bool IsSystem, ulong Address)
{
    public static GpuTranslation Of(GpuPageEntry leaf, ulong virtualAddress, ulong pageSize) => new(leaf.IsSystem, leaf.Address + (virtualAddress & (pageSize - 1)));
}
