// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>What a process tells of memory or wants done with it (<c>MADV_*</c>; the values are Linux's).</summary>
public enum MemoryAdvice
{
    /// <summary>Nothing special.</summary>
    Normal = 0,

    /// <summary>Read out of order.</summary>
    Random = 1,

    /// <summary>Read in order.</summary>
    Sequential = 2,

    /// <summary>Needed soon.</summary>
    WillNeed = 3,

    /// <summary>Not needed: pages go at once; anonymous memory is zero when touched again.</summary>
    DontNeed = 4,

    /// <summary>Not needed unless written again: anonymous pages may go when memory is short.</summary>
    Free = 8,

    /// <summary>A child does not get it.</summary>
    DontFork = 10,

    /// <summary>A child gets it after all.</summary>
    DoFork = 11,

    /// <summary>May be backed by huge pages.</summary>
    HugePage = 14,

    /// <summary>May not be backed by huge pages.</summary>
    NoHugePage = 15,

    /// <summary>A child gets it empty.</summary>
    WipeOnFork = 18,

    /// <summary>A child gets it with its bytes after all.</summary>
    KeepOnFork = 19,

    /// <summary>Pages go to a swap area now.</summary>
    PageOut = 21,

    /// <summary>Pages are brought in, readable.</summary>
    PopulateRead = 22,

    /// <summary>Pages are brought in, writable.</summary>
    PopulateWrite = 23,

    /// <summary>The hardware is said to have lost the pages; a privileged test's advice.</summary>
    HwPoison = 100,

    /// <summary>A touch is answered by SIGSEGV from now on; pages go.</summary>
    GuardInstall = 102,

    /// <summary>Guards go.</summary>
    GuardRemove = 103,
}
