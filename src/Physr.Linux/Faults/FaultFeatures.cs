// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Faults;

/// <summary>What a <see cref="Userfaultfd"/> may be asked for (<c>UFFD_FEATURE_*</c>), and the Linux that has it first.</summary>
[Flags]
public enum FaultFeatures : ulong
{
    /// <summary>Faults of missing pages of anonymous memory, and no more.</summary>
    None = 0,

    /// <summary>Faults of protected pages of anonymous memory. 5.7.</summary>
    PagefaultFlagWriteProtect = UffdFeature.UFFD_FEATURE_PAGEFAULT_FLAG_WP,

    /// <summary>Tells of forks, with a descriptor for the child's memory; needs <c>CAP_SYS_PTRACE</c>. 4.11.</summary>
    EventFork = UffdFeature.UFFD_FEATURE_EVENT_FORK,

    /// <summary>Tells of ranges that <c>mremap</c> moved. 4.11.</summary>
    EventRemap = UffdFeature.UFFD_FEATURE_EVENT_REMAP,

    /// <summary>Tells of pages that <c>madvise</c> let go. Who lets go waits until it was read. 4.11.</summary>
    EventRemove = UffdFeature.UFFD_FEATURE_EVENT_REMOVE,

    /// <summary>Missing pages of hugetlbfs. 4.11.</summary>
    MissingHugetlbfs = UffdFeature.UFFD_FEATURE_MISSING_HUGETLBFS,

    /// <summary>Missing pages of shared memory, a <see cref="Memory.MemoryFile"/> too. 4.11.</summary>
    MissingShmem = UffdFeature.UFFD_FEATURE_MISSING_SHMEM,

    /// <summary>Tells of ranges that <c>munmap</c> took. 4.11.</summary>
    EventUnmap = UffdFeature.UFFD_FEATURE_EVENT_UNMAP,

    /// <summary>A SIGBUS for who faults, in place of a fault that is told. 4.14.</summary>
    Sigbus = UffdFeature.UFFD_FEATURE_SIGBUS,

    /// <summary>Faults have their thread (<see cref="FaultEvent.ThreadId"/>). 4.14.</summary>
    ThreadId = UffdFeature.UFFD_FEATURE_THREAD_ID,

    /// <summary><see cref="FaultModes.Minor"/> for hugetlbfs. 5.13.</summary>
    MinorHugetlbfs = UffdFeature.UFFD_FEATURE_MINOR_HUGETLBFS,

    /// <summary><see cref="FaultModes.Minor"/> for shared memory. 5.14.</summary>
    MinorShmem = UffdFeature.UFFD_FEATURE_MINOR_SHMEM,

    /// <summary>Faults have the byte that was touched, not only its page. 5.18.</summary>
    ExactAddress = UffdFeature.UFFD_FEATURE_EXACT_ADDRESS,

    /// <summary><see cref="FaultModes.WriteProtect"/> for shared memory and hugetlbfs. 5.19.</summary>
    WriteProtectShmem = UffdFeature.UFFD_FEATURE_WP_HUGETLBFS_SHMEM,

    /// <summary>Anonymous pages can be protected before they are there. 6.4.</summary>
    WriteProtectUnpopulated = UffdFeature.UFFD_FEATURE_WP_UNPOPULATED,

    /// <summary><see cref="Userfaultfd.Poison"/>. 6.6.</summary>
    Poison = UffdFeature.UFFD_FEATURE_POISON,

    /// <summary>A store to a protected page waits for nobody: the kernel lets the page go and keeps that it did (<see cref="Memory.PageScan"/>). 6.7.</summary>
    WriteProtectAsync = UffdFeature.UFFD_FEATURE_WP_ASYNC,

    /// <summary><see cref="Userfaultfd.Move"/>. 6.8.</summary>
    Move = UffdFeature.UFFD_FEATURE_MOVE,
}
