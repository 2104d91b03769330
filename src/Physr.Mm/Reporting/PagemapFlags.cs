// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Reporting;

/// <summary>The bits of a word of <c>/proc/PID/pagemap</c> (row R26).</summary>
[Flags]
public enum PagemapFlags : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Written since soft-dirty bits were cleared.</summary>
    SoftDirty = 1UL << 55,

    /// <summary>Mapped once, by this process.</summary>
    MappedExclusively = 1UL << 56,

    /// <summary>Write-protected for userfaultfd.</summary>
    WriteProtected = 1UL << 57,

    /// <summary>A guard.</summary>
    GuardRegion = 1UL << 58,

    /// <summary>A page of a file or of shared memory.</summary>
    File = 1UL << 61,

    /// <summary>Not present, and something stands in its place: a swap slot, or one of the special entries.</summary>
    Swap = 1UL << 62,

    /// <summary>Present.</summary>
    Present = 1UL << 63,
}
