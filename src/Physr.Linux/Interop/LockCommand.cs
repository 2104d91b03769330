// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>Locks that belong to an open file, not to a process (<c>fcntl.h</c>).</summary>
internal enum LockCommand
{
    /// <summary>Take or give back; no waiting.</summary>
    F_OFD_SETLK = 37,
}
