// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>Whom a wait is for (<c>sys/wait.h</c>).</summary>
internal enum WaitTarget
{
    /// <summary>The process of a descriptor.</summary>
    P_PIDFD = 3,
}
