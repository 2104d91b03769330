// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>All that the revocation protocol remembers of a buffer. <see cref="DmaBuf"/> keeps one, and the checker enumerates every value it can take.</summary>
/// <param name="Phase">Whether it may be mapped.</param>
/// <param name="IsClosed">Whether its device let go of it: it never becomes usable again.</param>
/// <param name="Mappings">Mappings not given back. The kernel counts the same with a reference of its own on top, drops that to wait for the last, and arms it again.</param>
public readonly record struct RevocableState(RevocablePhase Phase, bool IsClosed, int Mappings)
{
    /// <summary>The state in three words.</summary>
    public override string ToString() => $"{Phase}{(IsClosed ? ", closed" : "")}, {Mappings} mapped";
}
