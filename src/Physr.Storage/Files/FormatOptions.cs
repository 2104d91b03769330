// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

/// <summary>How a store is made.</summary>
public sealed record FormatOptions
{
    /// <summary>Bytes of each of the two metadata areas, a multiple of 4 KiB, at least 8 KiB; 0 takes 1/256 of the device. Half of it bounds files and extents: 64 bytes or so for a file,
    /// 32 for an extent, 80 while any block is shared.</summary>
    public ulong AreaBytes { get; init; }

    /// <summary>The store's number, which its metadata bears: not that of the store that was there before. 0 takes one by chance.</summary>
    public ulong Id { get; init; }
}
