// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>What became of a step.</summary>
/// <param name="Kind">Whether the program goes on, waits or ends early.</param>
/// <param name="Errno">With which answer it ends early.</param>
public readonly record struct RevocableOutcome(RevocableOutcomeKind Kind, Errno Errno)
{
    /// <summary>The step is done; the next one follows.</summary>
    public static RevocableOutcome Advance => default;

    /// <summary>The step has to wait; nothing changed.</summary>
    public static RevocableOutcome Blocked => new(RevocableOutcomeKind.Blocked, Errno.None);

    /// <summary>The program ends: what locks it holds are given back, and nothing else happens.</summary>
    public static RevocableOutcome Leave(Errno errno = Errno.None) => new(RevocableOutcomeKind.Leave, errno);
}
