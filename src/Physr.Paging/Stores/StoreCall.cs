// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>What is asked of a store.</summary>
internal enum StoreCall
{
    /// <summary>Bytes out of it.</summary>
    Read,

    /// <summary>Bytes into it.</summary>
    Write,

    /// <summary>Durability.</summary>
    Flush,
}
