// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>Whether pages are protected (<c>linux/userfaultfd.h</c>).</summary>
[Flags]
internal enum UffdWriteprotectMode : ulong
{
    /// <summary>Protect, in place of letting go.</summary>
    UFFDIO_WRITEPROTECT_MODE_WP = 1,

    /// <summary>Nobody is woken.</summary>
    UFFDIO_WRITEPROTECT_MODE_DONTWAKE = 2,
}
