// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How it is waited for a child (<c>sys/wait.h</c>).</summary>
[Flags]
internal enum WaitOptions
{
    /// <summary>No waiting.</summary>
    WNOHANG = 1,

    /// <summary>For its end.</summary>
    WEXITED = 4,
}
