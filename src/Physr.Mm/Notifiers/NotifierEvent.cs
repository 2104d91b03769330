// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Why entries of a range change (the kernel's <c>mmu_notifier_event</c>, row R30c).</summary>
public enum NotifierEvent
{
    /// <summary>The range is unmapped, or moves away.</summary>
    Unmap = 0,

    /// <summary>Entries are cleared: a page is replaced by another, discarded or written out.</summary>
    Clear,

    /// <summary>Rights of a whole range change (<c>mprotect</c>).</summary>
    ProtectionOfArea,

    /// <summary>Rights of single pages change: a fork or a write-back makes them read-only.</summary>
    ProtectionOfPage,

    /// <summary>Soft-dirty bits are cleared.</summary>
    SoftDirty,

    /// <summary>The process ends.</summary>
    Release,

    /// <summary>Pages migrate; a driver that does so itself can tell by the owner and skip its own callback (row R30b).</summary>
    Migrate,

    /// <summary>One device gets a page to itself; it can tell by the owner.</summary>
    Exclusive,
}
