// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>Builds a <see cref="DmaRangeList"/>; used by mappers. Not thread-safe.</summary>
public sealed class DmaRangeListBuilder
{
    private readonly PackedRunsBuilder _runs = new();

    /// <summary>Bytes appended so far.</summary>
    public ulong Length => _runs.Length;

    /// <summary>Entries so far, coalesced.</summary>
    public int EntryCount => _runs.EntryCount;

    /// <summary>Appends an address range; an empty one changes nothing. Bus addresses never coalesce with others.</summary>
    public void Append(DmaRange range, bool isBusAddress = false) =>
        _runs.Append(range.Start.Value, range.Length, isBusAddress ? DmaRangeList.BusAddressTag : 0);

    /// <summary>Appends addresses on a private interconnect, which never coalesce with others.</summary>
    public void AppendInterconnect(DmaRange range) => _runs.Append(range.Start.Value, range.Length, DmaRangeList.InterconnectTag);

    /// <summary>Gives the list and empties the builder.</summary>
    public DmaRangeList Build() => _runs.EntryCount == 0 ? DmaRangeList.Empty : new(_runs.Build(), isIdentity: false);

    /// <summary>Forgets what was appended.</summary>
    public void Clear() => _runs.Clear();
}
