// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a file in memory is made (<c>sys/mman.h</c>).</summary>
internal enum MemfdFlags : uint
{
    /// <summary>Programs that this process starts do not get it.</summary>
    MFD_CLOEXEC = 1,

    /// <summary>Things can be forbidden for ever (<see cref="Seals"/>).</summary>
    MFD_ALLOW_SEALING = 2,

    /// <summary>It is of large pages.</summary>
    MFD_HUGETLB = 4,

    /// <summary>Of 2 MiB.</summary>
    MFD_HUGE_2MB = 21 << 26,

    /// <summary>Of 1 GiB.</summary>
    MFD_HUGE_1GB = 30 << 26,
}
