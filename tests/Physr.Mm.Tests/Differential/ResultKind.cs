// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>How an operation ended.</summary>
internal enum ResultKind : byte
{
    /// <summary>It succeeded, with a value.</summary>
    Value,

    /// <summary>It was refused, with an error number.</summary>
    Errno,

    /// <summary>The access raised a signal.</summary>
    Signal,

    /// <summary>There is no such process, it cannot fork, or it is the last and cannot exit.</summary>
    NotRun,
}
