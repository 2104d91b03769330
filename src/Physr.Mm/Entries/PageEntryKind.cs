// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>What an entry of a page table is (the kernel's present entries and its softleaf types, row R19).</summary>
public enum PageEntryKind
{
    /// <summary>Nothing: the first touch decides.</summary>
    None = 0,

    /// <summary>A page that the CPU reaches.</summary>
    Present,

    /// <summary>A slot of a swap area.</summary>
    Swap,

    /// <summary>The bytes were lost; a touch is answered by SIGBUS.</summary>
    HwPoison,

    /// <summary>A page that is on its way elsewhere and was only readable.</summary>
    MigrationRead,

    /// <summary>A page that is on its way elsewhere, only readable and this process's own.</summary>
    MigrationReadExclusive,

    /// <summary>A page that is on its way elsewhere and was writable.</summary>
    MigrationWrite,

    /// <summary>A page of device-private memory that the device may read for the process.</summary>
    DevicePrivateRead,

    /// <summary>A page of device-private memory that the device may also write.</summary>
    DevicePrivateWrite,

    /// <summary>A page of RAM that one device has to itself, for atomic operations.</summary>
    DeviceExclusive,

    /// <summary>No page, but something to remember: see <see cref="PageMarkers"/>.</summary>
    Marker,
}
