// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging;

/// <summary>What a lease is for.</summary>
public enum LeaseAccess
{
    /// <summary>Loads alone. A store is legal as well, and may fault.</summary>
    Read = 0,

    /// <summary>Loads and stores. The pages count as changed.</summary>
    Write = 1,
}
