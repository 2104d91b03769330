// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>What a program of the protocol runs in: a buffer with its locks and importers, or the checker's picture of one.</summary>
internal interface IRevocableWorld
{
    /// <summary>How many importers are attached; asked under the reservation lock.</summary>
    int ImporterCount { get; }

    /// <summary>Does a step of the state, atomically.</summary>
    RevocableOutcome Apply(RevocableStep step);

    /// <summary>Does a step that is not of the state alone: a lock, a wait for fences, a translation.</summary>
    RevocableOutcome Perform(RevocableStep step);

    /// <summary>Calls an importer; -1 says that there is none to call.</summary>
    RevocableOutcome Tell(int importer);
}
