// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a ring is made (<c>linux/io_uring.h</c>).</summary>
[Flags]
internal enum IoUringSetupFlags : uint
{
    /// <summary>It takes no entries until it is enabled; who enables it is its one issuer. Linux 5.10.</summary>
    IORING_SETUP_R_DISABLED = 1u << 6,

    /// <summary>An entry that fails does not keep those behind it from being taken. Linux 5.18.</summary>
    IORING_SETUP_SUBMIT_ALL = 1u << 7,

    /// <summary>Completions do not interrupt the thread: they are finished when it enters the kernel. Linux 5.19.</summary>
    IORING_SETUP_COOP_TASKRUN = 1u << 8,

    /// <summary>The ring's flags tell when there are completions to finish. Linux 5.19.</summary>
    IORING_SETUP_TASKRUN_FLAG = 1u << 9,

    /// <summary>One thread alone hands in entries. Linux 6.0.</summary>
    IORING_SETUP_SINGLE_ISSUER = 1u << 12,
}
