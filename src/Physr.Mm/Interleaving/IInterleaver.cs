// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Interleaving;

/// <summary>Decides which of several threads goes on at each point where their order can matter, so that a test can try orders by seed, or all of them.</summary>
public interface IInterleaver
{
    /// <summary>The thread is about to do something that others may see; it returns when the thread may go on.</summary>
    /// <param name="point">What it is about to do: <c>page table lock</c>, <c>migrate: unmap</c>.</param>
    void Reach(string point);

    /// <summary>The thread cannot go on until another one does something; it returns when it is to look again.</summary>
    /// <param name="what">What it waits for.</param>
    void Block(string what);
}
