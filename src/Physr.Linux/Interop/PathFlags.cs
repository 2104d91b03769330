// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a path is looked up (<c>fcntl.h</c>).</summary>
internal enum PathFlags
{
    /// <summary>From the current folder: in place of a folder's descriptor.</summary>
    AT_FDCWD = -100,

    /// <summary>An empty path is the descriptor itself.</summary>
    AT_EMPTY_PATH = 0x1000,
}
