// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What is known of a fault (<c>linux/userfaultfd.h</c>).</summary>
[Flags]
internal enum UffdFaultFlags : ulong
{
    /// <summary>It was a store.</summary>
    UFFD_PAGEFAULT_FLAG_WRITE = 1,

    /// <summary>The page is protected.</summary>
    UFFD_PAGEFAULT_FLAG_WP = 2,

    /// <summary>The page cache has the page.</summary>
    UFFD_PAGEFAULT_FLAG_MINOR = 4,
}
