// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What <see cref="IoUringOperation.IORING_OP_ASYNC_CANCEL"/> calls off (<c>linux/io_uring.h</c>). Linux 5.19.</summary>
[Flags]
internal enum IoUringCancel : uint
{
    /// <summary>All that match, not the first alone.</summary>
    IORING_ASYNC_CANCEL_ALL = 1u << 0,

    /// <summary>Everything matches.</summary>
    IORING_ASYNC_CANCEL_ANY = 1u << 2,
}
