// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>What a page became in a compressed store.</summary>
internal enum BlobKind
{
    /// <summary>Zeros: no blob.</summary>
    Zero,

    /// <summary>A blob: its length in 2 bytes, least significant first, and what the compressor made.</summary>
    Compressed,

    /// <summary>A blob of the page's bytes as they are: it would have become hardly smaller.</summary>
    Raw,

    /// <summary>Nothing: it was found damaged.</summary>
    Lost,
}
