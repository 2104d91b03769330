// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>Where a ring's parts are, for <c>mmap</c> of its descriptor (<c>linux/io_uring.h</c>).</summary>
internal enum IoUringOffset : long
{
    /// <summary>Both queues, where they are one mapping.</summary>
    IORING_OFF_SQ_RING = 0,

    /// <summary>The entries.</summary>
    IORING_OFF_SQES = 0x1000_0000,
}
