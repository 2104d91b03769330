// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Mapped;

/// <summary>How an <see cref="AlignedBuffer"/> is made.</summary>
public sealed record AlignedBufferOptions
{
    /// <summary>Bytes; not 0.</summary>
    public required nuint Length { get; init; }

    /// <summary>What the address is a multiple of: a power of two. It is a multiple of a page in any case.</summary>
    public nuint Alignment { get; init; }

    /// <summary>How large the pages are.</summary>
    public MappedPages Pages { get; init; }

    /// <summary>Pages are brought in at once, and stay in memory (<c>mlock</c>).</summary>
    public bool Locks { get; init; }

    /// <summary>Pages are brought in at once.</summary>
    public bool Populates { get; init; }

    /// <summary>Processes that fork from this one get a copy. By default they do not get it at all: what a device writes there, while a process is being started, can then never go to a page that the copy took.</summary>
    public bool IsCopiedByFork { get; init; }

    /// <summary>Left out of core dumps.</summary>
    public bool DontDump { get; init; }

    /// <summary>A page before and a page behind that nobody may touch.</summary>
    public bool HasGuards { get; init; }
}
