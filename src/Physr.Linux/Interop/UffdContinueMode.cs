// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How pages of the page cache are mapped (<c>linux/userfaultfd.h</c>).</summary>
[Flags]
internal enum UffdContinueMode : ulong
{
    /// <summary>Nobody is woken.</summary>
    UFFDIO_CONTINUE_MODE_DONTWAKE = 1,

    /// <summary>The pages come protected. Linux 6.4.</summary>
    UFFDIO_CONTINUE_MODE_WP = 2,
}
