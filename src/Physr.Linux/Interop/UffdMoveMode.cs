// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How pages are moved (<c>linux/userfaultfd.h</c>).</summary>
[Flags]
internal enum UffdMoveMode : ulong
{
    /// <summary>Nobody is woken.</summary>
    UFFDIO_MOVE_MODE_DONTWAKE = 1,
}
