// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How bytes are put in pages (<c>linux/userfaultfd.h</c>).</summary>
[Flags]
internal enum UffdCopyMode : ulong
{
    /// <summary>Nobody is woken.</summary>
    UFFDIO_COPY_MODE_DONTWAKE = 1,

    /// <summary>The pages come protected.</summary>
    UFFDIO_COPY_MODE_WP = 2,
}
