// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Memory;

/// <summary>What the kernel is told of pages (<c>madvise(2)</c>).</summary>
public enum MemoryAdvice
{
    /// <summary>Nothing in particular.</summary>
    Normal = Advice.MADV_NORMAL,

    /// <summary>They are touched in no order: no read-ahead.</summary>
    Random = Advice.MADV_RANDOM,

    /// <summary>They are touched in order: more read-ahead.</summary>
    Sequential = Advice.MADV_SEQUENTIAL,

    /// <summary>They are touched soon.</summary>
    WillNeed = Advice.MADV_WILLNEED,

    /// <summary>This mapping lets go of them: the next touch finds what the file has, or zeros.</summary>
    DontNeed = Advice.MADV_DONTNEED,

    /// <summary>The file lets go of them too: a hole.</summary>
    Remove = Advice.MADV_REMOVE,

    /// <summary>A child of this process does not get them.</summary>
    DontFork = Advice.MADV_DONTFORK,

    /// <summary>A child of this process gets them.</summary>
    DoFork = Advice.MADV_DOFORK,

    /// <summary>Large pages where there can be any.</summary>
    HugePage = Advice.MADV_HUGEPAGE,

    /// <summary>No large pages.</summary>
    NoHugePage = Advice.MADV_NOHUGEPAGE,

    /// <summary>A core dump does not have them.</summary>
    DontDump = Advice.MADV_DONTDUMP,

    /// <summary>A core dump has them.</summary>
    DoDump = Advice.MADV_DODUMP,

    /// <summary>They are the first to go when memory is short.</summary>
    Cold = Advice.MADV_COLD,

    /// <summary>They go now.</summary>
    PageOut = Advice.MADV_PAGEOUT,

    /// <summary>Map them now, for loads; what would be a SIGBUS later is an error now. Linux 5.14.</summary>
    PopulateRead = Advice.MADV_POPULATE_READ,

    /// <summary>Map them now, for stores; what would be a SIGBUS later is an error now. Linux 5.14.</summary>
    PopulateWrite = Advice.MADV_POPULATE_WRITE,

    /// <summary>Make large pages of them now. Linux 6.1.</summary>
    Collapse = Advice.MADV_COLLAPSE,
}
