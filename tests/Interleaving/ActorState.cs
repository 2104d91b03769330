// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>What an actor could do next.</summary>
internal enum ActorState
{
    /// <summary>It can go on.</summary>
    Ready,

    /// <summary>It called <see cref="Physr.Mm.Interleaving.IInterleaver.Block"/>: it can look again once another one has done something.</summary>
    Waiting,

    /// <summary>It has returned.</summary>
    Done,
}
