// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What <c>fallocate</c> does (<c>linux/falloc.h</c>).</summary>
[Flags]
internal enum FallocateMode
{
    /// <summary>Gives blocks to a range, and the file the length where it is shorter.</summary>
    FALLOC_FL_ALLOCATE_RANGE = 0,

    /// <summary>Gives blocks to a range; the length stays.</summary>
    FALLOC_FL_KEEP_SIZE = 1,

    /// <summary>Takes the blocks of a range: it reads as zeros.</summary>
    FALLOC_FL_PUNCH_HOLE = 2,
}
