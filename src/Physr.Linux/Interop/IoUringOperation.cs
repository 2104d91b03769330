// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What an entry asks for (<c>linux/io_uring.h</c>).</summary>
internal enum IoUringOperation : byte
{
    /// <summary>As <c>fsync</c>.</summary>
    IORING_OP_FSYNC = 3,

    /// <summary>Calls off what has not begun. Linux 5.5.</summary>
    IORING_OP_ASYNC_CANCEL = 14,

    /// <summary>As <c>pread</c>. Linux 5.6.</summary>
    IORING_OP_READ = 22,

    /// <summary>As <c>pwrite</c>. Linux 5.6.</summary>
    IORING_OP_WRITE = 23,
}
