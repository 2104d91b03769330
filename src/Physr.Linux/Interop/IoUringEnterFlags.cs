// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What <c>io_uring_enter</c> does besides (<c>linux/io_uring.h</c>).</summary>
[Flags]
internal enum IoUringEnterFlags : uint
{
    /// <summary>Finishes completions, and waits for as many as are asked for.</summary>
    IORING_ENTER_GETEVENTS = 1u << 0,
}
