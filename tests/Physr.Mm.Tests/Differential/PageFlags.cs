// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>The bits of a page's word in <c>/proc/PID/pagemap</c>.</summary>
[Flags]
internal enum PageFlags : byte
{
    None = 0,
    Present = 1,
    Swap = 2,
    FileOrSharedAnonymous = 4,
    Guard = 8,
    UffdWriteProtected = 16,
    MappedOnce = 32,
    SoftDirty = 64,
}
