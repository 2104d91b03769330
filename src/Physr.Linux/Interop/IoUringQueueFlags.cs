// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What the submission queue's flags tell (<c>linux/io_uring.h</c>).</summary>
[Flags]
internal enum IoUringQueueFlags : uint
{
    /// <summary>Completions found no place in their queue and wait in the kernel.</summary>
    IORING_SQ_CQ_OVERFLOW = 1u << 1,

    /// <summary>Completions wait to be finished by this thread, in the kernel.</summary>
    IORING_SQ_TASKRUN = 1u << 2,
}
