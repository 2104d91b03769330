// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>One 4 KiB page of a GPU's address space.</summary>
/// <param name="Page">Its virtual address, a multiple of 4 KiB.</param>
/// <param name="Target">Where it is, a multiple of 4 KiB.</param>
/// <param name="Flags">What may be done to it.</param>
public readonly record struct GpuPageMapping(VirtualAddress Page, GpuPageTarget Target, GpuPageFlags Flags);
