// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Memory;

/// <summary>What may be true of a page (<c>PAGE_IS_*</c>).</summary>
[Flags]
public enum PageCategories : ulong
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Its range can be protected asynchronously (<see cref="Faults.FaultFeatures.WriteProtectAsync"/>).</summary>
    WriteProtectAllowed = PageIs.PAGE_IS_WPALLOWED,

    /// <summary>It was stored to since it was protected, or was never protected.</summary>
    Written = PageIs.PAGE_IS_WRITTEN,

    /// <summary>A file has it, or shared memory.</summary>
    File = PageIs.PAGE_IS_FILE,

    /// <summary>It is mapped.</summary>
    Present = PageIs.PAGE_IS_PRESENT,

    /// <summary>It is on swap.</summary>
    Swapped = PageIs.PAGE_IS_SWAPPED,

    /// <summary>It is the page of zeros that all share.</summary>
    ZeroPage = PageIs.PAGE_IS_PFNZERO,

    /// <summary>It is part of a large page that is mapped as one.</summary>
    Huge = PageIs.PAGE_IS_HUGE,

    /// <summary>It is soft-dirty: stored to since <c>/proc/PID/clear_refs</c> was written.</summary>
    SoftDirty = PageIs.PAGE_IS_SOFT_DIRTY,
}
