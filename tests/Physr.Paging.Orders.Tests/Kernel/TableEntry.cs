// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Orders.Tests;

/// <summary>What the application's page table says of a page.</summary>
internal enum TableEntry : byte
{
    /// <summary>Nothing: a touch faults.</summary>
    None,

    /// <summary>Nothing, but a mark that the page is to be write-protected once it is there: a touch faults. Linux leaves it where a write-protected page was.</summary>
    Marker,

    /// <summary>The page, for loads: a store faults.</summary>
    Protected,

    /// <summary>The page.</summary>
    Writable,

    /// <summary>A mark of poison: a touch is a SIGBUS.</summary>
    Poison,
}
