// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>What the debugger says, and nothing but words.</summary>
internal static class DmaDebugWords
{
    public static string Of(DmaDirection direction) => direction switch
    {
        DmaDirection.ToDevice => "to device",
        DmaDirection.FromDevice => "from device",
        _ => "both ways",
    };

    public static string Of(DmaMapKind kind) => kind switch
    {
        DmaMapKind.Page => "page",
        DmaMapKind.Physical => "physical range",
        DmaMapKind.Resource => "resource",
        DmaMapKind.List => "list",
        DmaMapKind.Coherent => "coherent",
        DmaMapKind.Noncoherent => "noncoherent",
        DmaMapKind.Noncontiguous => "noncontiguous",
        DmaMapKind.Reservation => "reservation",
        _ => "linked",
    };

    public static string Of(DmaDebugError error) => error switch
    {
        DmaDebugError.LeakAtUnbind => "the driver left with memory still mapped",
        DmaDebugError.FreeOfErrorAddress => "unmaps the error value of a failed map",
        DmaDebugError.FreeNeverAllocated => "unmaps what is not mapped",
        DmaDebugError.FreeDifferentSize => "unmaps with a different size",
        DmaDebugError.FreeWrongFunction => "unmaps with the wrong function",
        DmaDebugError.FreeDifferentCpuAddress => "frees a buffer with a different CPU address",
        DmaDebugError.FreeListDifferentCount => "unmaps a list with a different number of entries",
        DmaDebugError.FreeDifferentDirection => "unmaps with a different direction",
        DmaDebugError.MapErrorNotChecked => "never asked whether the map had failed",
        DmaDebugError.FreeDifferentAttributes => "unmaps with different attributes",
        DmaDebugError.MapFromStack => "maps memory of a stack",
        DmaDebugError.MapOfKernelText => "maps kernel text or read-only data",
        DmaDebugError.SyncNeverAllocated => "syncs what is not mapped",
        DmaDebugError.SyncOutsideRange => "syncs beyond the end of a mapping",
        DmaDebugError.SyncDifferentDirection => "syncs in a different direction",
        DmaDebugError.SyncForCpuOfDeviceReadOnly => "syncs for the CPU what the device only reads",
        DmaDebugError.SyncForDeviceOfDeviceWriteOnly => "syncs for the device what the device only writes",
        DmaDebugError.SyncListDifferentCount => "syncs a list with a different number of entries",
        DmaDebugError.SegmentTooLong => "maps a segment longer than the device takes",
        DmaDebugError.SegmentCrossesBoundary => "maps a segment across a boundary of the device",
        DmaDebugError.MapOfInvalidArea => "maps an invalid area",
        DmaDebugError.MapOfVmallocArea => "maps a vmalloc area",
        DmaDebugError.MmioMapOfRam => "maps RAM as MMIO",
        DmaDebugError.CachelineOverlap => "maps a cache line that the device writes already",
        DmaDebugError.MapOfZoneDevicePage => "maps a device's page as a page of RAM",
        DmaDebugError.UseAfterRevoke => "uses a mapping that was revoked",
        DmaDebugError.UseOfStaleAddress => "reaches an address that was unmapped",
        DmaDebugError.UnmapOfZeroLength => "unmaps zero bytes",
        DmaDebugError.OverlappingAddresses => "has one address mapped twice, to different memory",
        DmaDebugError.AccessNeverMapped => "reaches an address that was never mapped for it",
        DmaDebugError.AccessDifferentDirection => "reaches a mapping in the wrong direction",
        DmaDebugError.LinkOverlap => "links over a link, or beyond the reservation",
        DmaDebugError.UnlinkNotLinked => "unlinks what is not linked",
        DmaDebugError.DestroyDifferentLength => "ends a reservation with a different length than is linked",
        DmaDebugError.AccessBeforeSync => "reaches a link before it was synchronized",
        _ => error.ToString(),
    };
}
