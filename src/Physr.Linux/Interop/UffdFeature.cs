// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What a userfaultfd may be asked for (<c>linux/userfaultfd.h</c>).</summary>
[Flags]
internal enum UffdFeature : ulong
{
    /// <summary>Faults of protected pages.</summary>
    UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1 << 0,

    /// <summary>Tells of forks.</summary>
    UFFD_FEATURE_EVENT_FORK = 1 << 1,

    /// <summary>Tells of <c>mremap</c>.</summary>
    UFFD_FEATURE_EVENT_REMAP = 1 << 2,

    /// <summary>Tells of <c>MADV_DONTNEED</c> and <c>MADV_REMOVE</c>.</summary>
    UFFD_FEATURE_EVENT_REMOVE = 1 << 3,

    /// <summary>Missing pages of hugetlbfs.</summary>
    UFFD_FEATURE_MISSING_HUGETLBFS = 1 << 4,

    /// <summary>Missing pages of shared memory.</summary>
    UFFD_FEATURE_MISSING_SHMEM = 1 << 5,

    /// <summary>Tells of <c>munmap</c>.</summary>
    UFFD_FEATURE_EVENT_UNMAP = 1 << 6,

    /// <summary>A SIGBUS in place of a fault that waits.</summary>
    UFFD_FEATURE_SIGBUS = 1 << 7,

    /// <summary>Faults have their thread.</summary>
    UFFD_FEATURE_THREAD_ID = 1 << 8,

    /// <summary>Unmapped pages of hugetlbfs.</summary>
    UFFD_FEATURE_MINOR_HUGETLBFS = 1 << 9,

    /// <summary>Unmapped pages of shared memory.</summary>
    UFFD_FEATURE_MINOR_SHMEM = 1 << 10,

    /// <summary>Faults have their byte, not only their page.</summary>
    UFFD_FEATURE_EXACT_ADDRESS = 1 << 11,

    /// <summary>Protection of file-backed memory.</summary>
    UFFD_FEATURE_WP_HUGETLBFS_SHMEM = 1 << 12,

    /// <summary>Protection of anonymous pages that are not there yet.</summary>
    UFFD_FEATURE_WP_UNPOPULATED = 1 << 13,

    /// <summary><c>UFFDIO_POISON</c>.</summary>
    UFFD_FEATURE_POISON = 1 << 14,

    /// <summary>Protected pages are let go by the kernel itself, which only keeps who was.</summary>
    UFFD_FEATURE_WP_ASYNC = 1 << 15,

    /// <summary><c>UFFDIO_MOVE</c>.</summary>
    UFFD_FEATURE_MOVE = 1 << 16,
}
