// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Mm;

/// <summary>What <see cref="AddressSpace.TryMap"/> is asked for (the arguments of <c>mmap</c>).</summary>
/// <param name="Length">Bytes; rounded up to whole pages.</param>
/// <param name="Protection">Rights.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MapRequest(ulong Length, Protection Protection)
{
    /// <summary>Where; a wish, unless <see cref="IsFixed"/>.</summary>
    public VirtualAddress Address { get; init; }

    /// <summary>Exactly there, in the place of what is mapped now (<c>MAP_FIXED</c>).</summary>
    public bool IsFixed { get; init; }

    /// <summary>Only if nothing is mapped there (<c>MAP_FIXED_NOREPLACE</c>, with <see cref="IsFixed"/>).</summary>
    public bool MustBeFree { get; init; }

    /// <summary>What to map; null is anonymous memory.</summary>
    public MemoryFile? File { get; init; }

    /// <summary>Where in the file, in bytes: a multiple of 4 KiB.</summary>
    public ulong Offset { get; init; }

    /// <summary>Whether writes reach the file and everybody who maps it (<c>MAP_SHARED</c>). Shared anonymous memory is a <see cref="SharedMemoryFile"/>.</summary>
    public bool IsShared { get; init; }

    /// <summary>Does not count against what may be committed (<c>MAP_NORESERVE</c>).</summary>
    public bool NoReserve { get; init; }

    /// <summary>Brings pages in at once (<c>MAP_POPULATE</c>).</summary>
    public bool IsPopulated { get; init; }
}
