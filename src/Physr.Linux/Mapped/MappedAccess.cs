// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Mapped;

/// <summary>What may be done with mapped bytes, and where stores go.</summary>
public enum MappedAccess
{
    /// <summary>Loads alone: a store is a SIGSEGV, which no span for stores is given out for. What others store in the file is seen.</summary>
    Read = 0,

    /// <summary>Loads and stores; stores are in the file at once, for everybody.</summary>
    ReadWrite,

    /// <summary>Loads and stores; a page that is stored to becomes this mapping's own, and the file never learns of it (<c>MAP_PRIVATE</c>).</summary>
    CopyOnWrite,
}
