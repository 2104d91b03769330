// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What the kernel is told of pages (<c>sys/mman.h</c>).</summary>
internal enum Advice
{
    /// <summary>Nothing in particular.</summary>
    MADV_NORMAL = 0,

    /// <summary>They are touched in no order: no read-ahead.</summary>
    MADV_RANDOM = 1,

    /// <summary>They are touched in order: more read-ahead.</summary>
    MADV_SEQUENTIAL = 2,

    /// <summary>They are touched soon.</summary>
    MADV_WILLNEED = 3,

    /// <summary>This mapping lets go of them: the next touch finds what the file has, or zeros.</summary>
    MADV_DONTNEED = 4,

    /// <summary>The file lets go of them too.</summary>
    MADV_REMOVE = 9,

    /// <summary>A child does not get them.</summary>
    MADV_DONTFORK = 10,

    /// <summary>A child gets them.</summary>
    MADV_DOFORK = 11,

    /// <summary>Large pages where there can be any.</summary>
    MADV_HUGEPAGE = 14,

    /// <summary>No large pages.</summary>
    MADV_NOHUGEPAGE = 15,

    /// <summary>A core dump does not have them.</summary>
    MADV_DONTDUMP = 16,

    /// <summary>A core dump has them.</summary>
    MADV_DODUMP = 17,

    /// <summary>They are the first to go when memory is short.</summary>
    MADV_COLD = 20,

    /// <summary>They go now.</summary>
    MADV_PAGEOUT = 21,

    /// <summary>Map them now, for loads; what would be a SIGBUS later is an error now.</summary>
    MADV_POPULATE_READ = 22,

    /// <summary>Map them now, for stores; what would be a SIGBUS later is an error now.</summary>
    MADV_POPULATE_WRITE = 23,

    /// <summary>Make large pages of them now.</summary>
    MADV_COLLAPSE = 25,
}
