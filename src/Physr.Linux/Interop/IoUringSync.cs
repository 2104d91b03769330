// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How <see cref="IoUringOperation.IORING_OP_FSYNC"/> syncs (<c>linux/io_uring.h</c>).</summary>
[Flags]
internal enum IoUringSync : uint
{
    /// <summary>As <c>fdatasync</c>: the bytes, and what is needed to find them again.</summary>
    IORING_FSYNC_DATASYNC = 1u << 0,
}
