// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;

namespace Physr.Hmm;

/// <summary>What a look at a range of page tables is to give (the fields of <c>struct hmm_range</c>, rows R31 and R33).</summary>
/// <param name="Default">What is asked of every page: <see cref="MirrorFlags.Valid"/> that it is there, with <see cref="MirrorFlags.Write"/> that it may be written; nothing for a mere look (snapshot).</param>
public readonly record struct MirrorRequest(MirrorFlags Default)
{
    /// <summary>Which of the flags that are passed in for single pages count beside <see cref="Default"/>.</summary>
    public MirrorFlags Mask { get; init; }

    /// <summary>Whose device-private pages are reported where they are, without bringing them back; null is nobody's.</summary>
    public object? Owner { get; init; }

    /// <summary>Whether other owners' device-private pages are reported too, for a <see cref="ForeignPages"/> to find a way to them; else they are brought back to RAM (row R42).</summary>
    public bool ReportsForeign { get; init; }

    /// <summary>Every page, readable.</summary>
    public static MirrorRequest Read => new(MirrorFlags.Valid);

    /// <summary>Every page, writable.</summary>
    public static MirrorRequest Write => new(MirrorFlags.Valid | MirrorFlags.Write);

    /// <summary>What is there, without faulting anything in (row R31d).</summary>
    public static MirrorRequest Snapshot => default;
}
