// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a child ended (<c>signal.h</c>).</summary>
internal enum ChildCode
{
    /// <summary>By itself.</summary>
    CLD_EXITED = 1,

    /// <summary>By a signal.</summary>
    CLD_KILLED = 2,

    /// <summary>By a signal, with a core dump.</summary>
    CLD_DUMPED = 3,
}
