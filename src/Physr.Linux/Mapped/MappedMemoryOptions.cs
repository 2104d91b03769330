// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Mapped;

/// <summary>What is mapped, and how.</summary>
public sealed record MappedMemoryOptions
{
    /// <summary>Loads, stores, or stores that the file never learns of.</summary>
    public MappedAccess Access { get; init; }

    /// <summary>The first byte of the file that is mapped: a whole number of its pages (<see cref="MappedMemory.PageBytes"/>). 0 where there is no file.</summary>
    public ulong Offset { get; init; }

    /// <summary>Bytes; any number. 0: all from <see cref="Offset"/> to the end of the file.</summary>
    public nuint Length { get; init; }

    /// <summary>A file that ends before the range does is made longer, with a hole, instead of refused. With <see cref="MappedAccess.ReadWrite"/>.</summary>
    public bool Extends { get; init; }

    /// <summary>The file's range gets its blocks first (<c>fallocate</c>), so that a full disk is an error here and no SIGBUS at a store. With <see cref="MappedAccess.ReadWrite"/>.</summary>
    public bool Allocates { get; init; }

    /// <summary>Memory without a file is shared with processes that fork from this one, instead of copied for them. Files say it by <see cref="Access"/>.</summary>
    public bool IsShared { get; init; }

    /// <summary>Pages are brought in before the mapping is given out, and what they fail with refuses it.</summary>
    public bool Populates { get; init; }

    /// <summary>Pages stay in memory (<c>mlock</c>) as long as the mapping; this brings them in, too.</summary>
    public bool Locks { get; init; }

    /// <summary>No swap space is set aside (<c>MAP_NORESERVE</c>): more may be mapped than there is, and a store may then end the process. With huge pages: none is set aside.</summary>
    public bool NoReserve { get; init; }

    /// <summary>Processes that fork from this one do not get the mapping (<c>MADV_DONTFORK</c>): what a device writes there can never go to a page that a copy took away.</summary>
    public bool DontFork { get; init; }

    /// <summary>Left out of core dumps (<c>MADV_DONTDUMP</c>).</summary>
    public bool DontDump { get; init; }

    /// <summary>How large the pages are. Those of a file are its file system's affair; <see cref="MappedPages.Transparent"/> may be asked for all the same.</summary>
    public MappedPages Pages { get; init; }

    /// <summary>What the address of the first byte is a multiple of: a power of two; 0 is a page.</summary>
    public nuint Alignment { get; init; }

    /// <summary>A page before and a page behind that nobody may touch: what runs past the end of the last page dies at once (SIGSEGV) instead of hitting a neighbour.</summary>
    public bool HasGuards { get; init; }
}
