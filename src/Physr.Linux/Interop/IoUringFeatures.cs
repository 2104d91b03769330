// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What the kernel says of a ring that it made (<c>linux/io_uring.h</c>).</summary>
[Flags]
internal enum IoUringFeatures : uint
{
    /// <summary>Both queues are one mapping. Linux 5.4.</summary>
    IORING_FEAT_SINGLE_MMAP = 1u << 0,

    /// <summary>No completion is lost: those that find no place wait. Linux 5.5.</summary>
    IORING_FEAT_NODROP = 1u << 1,
}
