// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>What a driver did wrong with the DMA API. 1 to 25 are the classes of the kernel's dma-debug by the numbers of section 4.9 (row R90a); the rest is what
/// only a checker that also sees devices, revocations and reservations can tell.</summary>
public enum DmaDebugError
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A driver left its device while something was still mapped for it: one report with the count and one sample.</summary>
    LeakAtUnbind = 1,

    /// <summary>The error value of a failed map was unmapped as if it were an address.</summary>
    FreeOfErrorAddress = 2,

    /// <summary>Unmapped or freed what is not mapped: never was, or no longer is.</summary>
    FreeNeverAllocated = 3,

    /// <summary>Unmapped with another size than mapped.</summary>
    FreeDifferentSize = 4,

    /// <summary>Unmapped by the function of another kind of mapping.</summary>
    FreeWrongFunction = 5,

    /// <summary>A coherent buffer was freed with another CPU address than it was allocated at.</summary>
    FreeDifferentCpuAddress = 6,

    /// <summary>A list was unmapped with another number of entries than it was mapped with.</summary>
    FreeListDifferentCount = 7,

    /// <summary>Unmapped with another direction than mapped.</summary>
    FreeDifferentDirection = 8,

    /// <summary>Unmapped without ever asking whether the map had failed.</summary>
    MapErrorNotChecked = 9,

    /// <summary>Unmapped with other attributes than mapped, of those that change how it is undone.</summary>
    FreeDifferentAttributes = 10,

    /// <summary>Mapped memory of a stack.</summary>
    MapFromStack = 11,

    /// <summary>Mapped the kernel's own text or read-only data.</summary>
    MapOfKernelText = 12,

    /// <summary>Synchronized what is not mapped.</summary>
    SyncNeverAllocated = 13,

    /// <summary>Synchronized beyond the end of a mapping.</summary>
    SyncOutsideRange = 14,

    /// <summary>Synchronized in another direction than mapped.</summary>
    SyncDifferentDirection = 15,

    /// <summary>Synchronized for the CPU what the device only reads.</summary>
    SyncForCpuOfDeviceReadOnly = 16,

    /// <summary>Synchronized for the device what the device only writes.</summary>
    SyncForDeviceOfDeviceWriteOnly = 17,

    /// <summary>A list was synchronized with another number of entries than it was mapped with.</summary>
    SyncListDifferentCount = 18,

    /// <summary>A segment of a list is longer than the device takes.</summary>
    SegmentTooLong = 19,

    /// <summary>A segment of a list crosses a boundary of the device.</summary>
    SegmentCrossesBoundary = 20,

    /// <summary>Mapped addresses that nothing answers to, or a device's registers as if they were RAM.</summary>
    MapOfInvalidArea = 21,

    /// <summary>Mapped memory that is contiguous only in the kernel's virtual addresses.</summary>
    MapOfVmallocArea = 22,

    /// <summary>Mapped RAM as if it were a device's registers.</summary>
    MmioMapOfRam = 23,

    /// <summary>Two mappings that a device writes share a cache line; or more of them than are counted.</summary>
    CachelineOverlap = 24,

    /// <summary>Mapped device memory that has page descriptors by the function for pages of RAM.</summary>
    MapOfZoneDevicePage = 25,

    /// <summary>A device or a sync reached a mapping that its exporter had revoked.</summary>
    UseAfterRevoke = 26,

    /// <summary>A device reached an address that was unmapped before.</summary>
    UseOfStaleAddress = 27,

    /// <summary>Unmapped zero bytes: some interfaces call that a success, and the mapping stays (P8).</summary>
    UnmapOfZeroLength = 28,

    /// <summary>One device address has two live meanings: mappings of one device overlap and lead to different memory (P9).</summary>
    OverlappingAddresses = 29,

    /// <summary>A device reached an address that was never mapped for it.</summary>
    AccessNeverMapped = 30,

    /// <summary>A device wrote what was mapped for reading, or read what was mapped for writing.</summary>
    AccessDifferentDirection = 31,

    /// <summary>Linked over what is linked already, or beyond the end of the reservation.</summary>
    LinkOverlap = 32,

    /// <summary>Unlinked what is not linked.</summary>
    UnlinkNotLinked = 33,

    /// <summary>Ended a reservation with another length than is linked into it, so that the rest stays mapped.</summary>
    DestroyDifferentLength = 34,

    /// <summary>A device reached a linked range before it was synchronized: its translation cache may not know it yet.</summary>
    AccessBeforeSync = 35,
}
