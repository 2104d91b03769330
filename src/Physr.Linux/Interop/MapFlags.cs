// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How pages are mapped (<c>sys/mman.h</c>).</summary>
internal enum MapFlags
{
    /// <summary>Stores go to the file. Flags that the kernel does not know are ignored.</summary>
    MAP_SHARED = 0x1,

    /// <summary>Stores go to the file. Flags that the kernel does not know or cannot keep are refused (EOPNOTSUPP).</summary>
    MAP_SHARED_VALIDATE = 0x3,

    /// <summary>Stores are this process's own.</summary>
    MAP_PRIVATE = 0x2,

    /// <summary>There and nowhere else, in place of what is mapped there.</summary>
    MAP_FIXED = 0x10,

    /// <summary>No file: zeros.</summary>
    MAP_ANONYMOUS = 0x20,

    /// <summary>No memory is set aside for it.</summary>
    MAP_NORESERVE = 0x4000,

    /// <summary>In large pages, of those that were set aside.</summary>
    MAP_HUGETLB = 0x40000,

    /// <summary>Of 2 MiB.</summary>
    MAP_HUGE_2MB = 21 << 26,

    /// <summary>Of 1 GiB.</summary>
    MAP_HUGE_1GB = 30 << 26,

    /// <summary>A page that may be written has its place on the medium already: flushing CPU caches is all that durability needs. On DAX files alone.</summary>
    MAP_SYNC = 0x80000,
}
