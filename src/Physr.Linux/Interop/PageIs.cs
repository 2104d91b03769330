// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What may be true of a page (<c>linux/fs.h</c>).</summary>
[Flags]
internal enum PageIs : ulong
{
    /// <summary>Its range can be protected asynchronously.</summary>
    PAGE_IS_WPALLOWED = 1 << 0,

    /// <summary>It was stored to since it was protected.</summary>
    PAGE_IS_WRITTEN = 1 << 1,

    /// <summary>A file has it.</summary>
    PAGE_IS_FILE = 1 << 2,

    /// <summary>It is in memory.</summary>
    PAGE_IS_PRESENT = 1 << 3,

    /// <summary>It is on swap.</summary>
    PAGE_IS_SWAPPED = 1 << 4,

    /// <summary>It is the page of zeros.</summary>
    PAGE_IS_PFNZERO = 1 << 5,

    /// <summary>It is part of a large page.</summary>
    PAGE_IS_HUGE = 1 << 6,

    /// <summary>It is soft-dirty.</summary>
    PAGE_IS_SOFT_DIRTY = 1 << 7,
}
