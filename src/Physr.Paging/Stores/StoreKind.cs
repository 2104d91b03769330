// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>Where a region's pages are while they are not in its window.</summary>
public enum StoreKind
{
    /// <summary>In memory, as they are.</summary>
    Memory = 1,

    /// <summary>In a file or on a block device.</summary>
    File = 2,

    /// <summary>In memory, compressed with LZ4.</summary>
    Lz4 = 3,

    /// <summary>In memory, compressed with Zstandard.</summary>
    Zstd = 4,

    /// <summary>Where an <see cref="IBackingStore"/> puts them.</summary>
    User = 5,
}
