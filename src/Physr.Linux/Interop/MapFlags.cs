// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How pages are mapped (<c>sys/mman.h</c>).</summary>
internal enum MapFlags
{
    /// <summary>Stores go to the file. Flags that the kernel does not know are ignored.</summary>
    MAP_SHARED = 0x1,

    /// <summary>Stores go to the file. Flags that the kernel does not know or cannot keep are refused (EOPNOTSUPP).</summary>
    MAP_SHARED_VALIDATE = 0x3,

    /// <summary>A page that may be written has its place on the medium already: flushing CPU caches is all that durability needs. On DAX files alone.</summary>
    MAP_SYNC = 0x80000,
}
