// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What <c>lseek</c> looks for (<c>unistd.h</c>).</summary>
internal enum SeekTarget
{
    /// <summary>So far from the end.</summary>
    SEEK_END = 2,

    /// <summary>The next byte that is in no hole.</summary>
    SEEK_DATA = 3,

    /// <summary>The next byte that is in a hole; the end is one.</summary>
    SEEK_HOLE = 4,
}
