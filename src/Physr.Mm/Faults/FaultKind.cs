// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>What a fault is to achieve.</summary>
internal enum FaultKind
{
    /// <summary>The page can be read.</summary>
    Read = 0,

    /// <summary>The page can be written.</summary>
    Write,

    /// <summary>The page can be read and is nobody else's (<c>FAULT_FLAG_UNSHARE</c>): what a pin that only reads needs.</summary>
    Unshare,
}
