// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What a userfaultfd tells of (<c>linux/userfaultfd.h</c>).</summary>
internal enum UffdEvent : byte
{
    /// <summary>A thread waits for a page.</summary>
    UFFD_EVENT_PAGEFAULT = 0x12,

    /// <summary>The process has a child.</summary>
    UFFD_EVENT_FORK = 0x13,

    /// <summary>A range is somewhere else.</summary>
    UFFD_EVENT_REMAP = 0x14,

    /// <summary>Pages were let go.</summary>
    UFFD_EVENT_REMOVE = 0x15,

    /// <summary>A range is no more.</summary>
    UFFD_EVENT_UNMAP = 0x16,
}
