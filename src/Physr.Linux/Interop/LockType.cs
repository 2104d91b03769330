// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What others may not do meanwhile (<c>fcntl.h</c>).</summary>
internal enum LockType : short
{
    /// <summary>Take it for writing.</summary>
    F_RDLCK = 0,

    /// <summary>Take it at all.</summary>
    F_WRLCK = 1,

    /// <summary>Given back.</summary>
    F_UNLCK = 2,
}
