// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>The <c>rwxs</c> of a line of <c>/proc/PID/maps</c>.</summary>
[Flags]
internal enum VmaPermissions : byte
{
    None = 0,
    Read = 1,
    Write = 2,
    Execute = 4,
    Shared = 8,
}
