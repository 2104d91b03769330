// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What <c>io_uring_register</c> does (<c>linux/io_uring.h</c>).</summary>
internal enum IoUringRegisterOperation : uint
{
    /// <summary>Lets the ring take entries, from this thread.</summary>
    IORING_REGISTER_ENABLE_RINGS = 12,
}
