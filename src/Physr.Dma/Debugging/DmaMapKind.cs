// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>By which function something was mapped; it has to be undone by the one that goes with it (class 5).</summary>
public enum DmaMapKind : byte
{
    /// <summary><c>dma_map_single</c>, <c>dma_map_page</c>: a page of RAM or a part of it.</summary>
    Page = 0,

    /// <summary><c>dma_map_phys</c>: a physical range.</summary>
    Physical = 1,

    /// <summary><c>dma_map_resource</c>: a device's registers or memory, in kernels before <c>dma_map_phys</c>.</summary>
    Resource = 2,

    /// <summary><c>dma_map_sg</c>, <see cref="IDmaMapper.TryMap"/>: one segment of a list.</summary>
    List = 3,

    /// <summary><c>dma_alloc_coherent</c>.</summary>
    Coherent = 4,

    /// <summary><c>dma_alloc_noncoherent</c>, <c>dma_alloc_pages</c>.</summary>
    Noncoherent = 5,

    /// <summary><c>dma_alloc_noncontiguous</c>.</summary>
    Noncontiguous = 6,

    /// <summary>Addresses reserved for two-step mapping (<c>dma_iova_try_alloc</c>).</summary>
    Reservation = 7,

    /// <summary>A range linked into a reservation (<c>dma_iova_link</c>).</summary>
    Linked = 8,
}
