// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing;

/// <summary>A part of a BAR to be exported (<c>vfio_region_dma_range</c>).</summary>
/// <param name="Offset">Where it starts in the BAR, in bytes: a multiple of 4 KiB.</param>
/// <param name="Length">Bytes: a multiple of 4 KiB, not 0.</param>
public readonly record struct BarSlice(ulong Offset, ulong Length);
