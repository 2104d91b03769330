// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What is asked of a range (<c>linux/userfaultfd.h</c>).</summary>
[Flags]
internal enum UffdRegisterMode : ulong
{
    /// <summary>Pages that are not there.</summary>
    UFFDIO_REGISTER_MODE_MISSING = 1,

    /// <summary>Stores to protected pages.</summary>
    UFFDIO_REGISTER_MODE_WP = 2,

    /// <summary>Pages that the page cache has and this mapping has not.</summary>
    UFFDIO_REGISTER_MODE_MINOR = 4,
}
