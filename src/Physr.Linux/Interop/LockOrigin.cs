// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>Where an offset counts from (<c>unistd.h</c>).</summary>
internal enum LockOrigin : short
{
    /// <summary>The start of the file.</summary>
    SEEK_SET = 0,
}
