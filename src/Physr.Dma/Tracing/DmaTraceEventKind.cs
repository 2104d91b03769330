// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tracing;

/// <summary>The events that a trace of the DMA API holds: the kernel's trace system <c>dma</c>, and Physr's own, which say what the kernel does not trace.</summary>
public enum DmaTraceEventKind
{
    /// <summary>No event.</summary>
    None,

    /// <summary><c>dma_map_phys</c>.</summary>
    MapPhys,

    /// <summary><c>dma_map_page</c>, in kernels before <c>dma_map_phys</c>.</summary>
    MapPage,

    /// <summary><c>dma_map_resource</c>, likewise.</summary>
    MapResource,

    /// <summary><c>dma_unmap_phys</c>.</summary>
    UnmapPhys,

    /// <summary><c>dma_unmap_page</c>.</summary>
    UnmapPage,

    /// <summary><c>dma_unmap_resource</c>.</summary>
    UnmapResource,

    /// <summary><c>dma_alloc</c>.</summary>
    Alloc,

    /// <summary><c>dma_alloc_pages</c>.</summary>
    AllocPages,

    /// <summary><c>dma_alloc_sgt</c>.</summary>
    AllocTable,

    /// <summary><c>dma_alloc_sgt_err</c>: it failed.</summary>
    AllocTableError,

    /// <summary><c>dma_free</c>.</summary>
    Free,

    /// <summary><c>dma_free_pages</c>.</summary>
    FreePages,

    /// <summary><c>dma_free_sgt</c>.</summary>
    FreeTable,

    /// <summary><c>dma_map_sg</c>.</summary>
    MapList,

    /// <summary><c>dma_map_sg_err</c>: it failed.</summary>
    MapListError,

    /// <summary><c>dma_unmap_sg</c>, which names memory and no device address.</summary>
    UnmapList,

    /// <summary><c>dma_sync_single_for_cpu</c>.</summary>
    SyncForCpu,

    /// <summary><c>dma_sync_single_for_device</c>.</summary>
    SyncForDevice,

    /// <summary><c>dma_sync_sg_for_cpu</c>.</summary>
    SyncListForCpu,

    /// <summary><c>dma_sync_sg_for_device</c>.</summary>
    SyncListForDevice,

    /// <summary><c>physr_dma_trace</c>: whoever wrote this trace saw everything from the beginning, questions after errors included.</summary>
    Header,

    /// <summary><c>physr_dma_device</c>: what a device can do.</summary>
    Device,

    /// <summary><c>physr_dma_bind</c>: a driver was bound.</summary>
    Bind,

    /// <summary><c>physr_dma_unbind</c>: a driver left.</summary>
    Unbind,

    /// <summary><c>physr_dma_memory</c>: what memory the next map is about.</summary>
    Memory,

    /// <summary><c>physr_dma_mapping_error</c>: a driver asked whether a map had failed.</summary>
    MappingError,

    /// <summary><c>physr_dma_refused</c>: the last unmap at an address was refused.</summary>
    UnmapRefused,

    /// <summary><c>physr_dma_access</c>: a device read or wrote.</summary>
    Access,

    /// <summary><c>physr_dma_revoke</c>: an exporter took memory back.</summary>
    Revoke,

    /// <summary><c>physr_dma_reservation</c>: a step of two-step mapping.</summary>
    Reservation,
}
