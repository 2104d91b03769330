// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Protocol;

/// <summary>What a message is, its first byte. Messages go over sequenced-packet sockets, one each; numbers are little-endian.</summary>
internal enum MessageKind : byte
{
    /// <summary>Client to pager: version (4).</summary>
    Hello = 1,

    /// <summary>Client to pager: sequence (4), then a <see cref="RegionSpec"/>, with its descriptors.</summary>
    Register = 2,

    /// <summary>Client to pager: sequence (4), region (4).</summary>
    Unregister = 3,

    /// <summary>Client to pager: sequence (4), region (4), first page (8), pages (8): write back and make durable.</summary>
    Persist = 4,

    /// <summary>Client to pager, as <see cref="Persist"/>: take out of the window.</summary>
    Evict = 5,

    /// <summary>Client to pager: sequence (4), region (4), pages (8).</summary>
    SetBudget = 6,

    /// <summary>Pager to client: sequence (4), error number (4), a value (8), a reason in UTF-8.</summary>
    Reply = 16,

    /// <summary>Pager to client: region (4), error number (4), a reason in UTF-8: it could not take that region over from the pager before it, and nobody serves it.</summary>
    Lost = 17,

    /// <summary>Pager to its successor: pages that all regions may have (8); with the socket whose end tells who waits behind them all.</summary>
    Settings = 32,

    /// <summary>Pager to its successor: where clients connect: its path, and its descriptor.</summary>
    Listener = 33,

    /// <summary>Pager to its successor: client (4), its socket.</summary>
    Client = 34,

    /// <summary>Pager to its successor: client (4).</summary>
    ClientGone = 35,

    /// <summary>Pager to its successor: client (4), then a <see cref="RegionSpec"/>, with its descriptors.</summary>
    Region = 36,

    /// <summary>Pager to its successor: client (4), region (4).</summary>
    RegionGone = 37,

    /// <summary>To the first pager of all: begin.</summary>
    Begin = 38,

    /// <summary>Pager to its successor: there is nothing left to take over.</summary>
    Quit = 39,
}
