// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>How orders are drawn.</summary>
internal enum RandomStyle
{
    /// <summary>Each run by one of the others.</summary>
    Mixed,

    /// <summary>Anybody has each turn: many switches.</summary>
    Even,

    /// <summary>The same actor goes on, most times.</summary>
    Sticky,

    /// <summary>Actors have priorities, which change at a few points (after PCT): few switches, at unlikely places.</summary>
    Priorities,
}
