// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>
/// A world of processes with an arena and two files each, freshly made: process 0 lives, nothing is mapped, the files are as <see cref="Arena"/> says. The model implements this; <see cref="WorldRunner"/>
/// drives it in the order in which the agent drives the kernel.
/// </summary>
internal interface IProcessWorld
{
    /// <summary>Does one operation. What cannot be run (see <see cref="MmOp"/>) answers <see cref="OpResult.NotRun"/>.</summary>
    OpResult Execute(MmOp op);

    bool IsLive(int process);

    /// <summary>
    /// Loads from each page of the arena in order, from its first byte. Where that succeeds <paramref name="hashes"/> has the hash of the whole page (<see cref="Arena.Hash"/>), elsewhere 0.
    /// </summary>
    void ProbeReads(int process, Span<ProbeOutcome> outcomes, Span<ulong> hashes);

    /// <summary>For each page of the arena in order: loads its first eight bytes, then stores them back. The outcome is that of the first of the two that fails.</summary>
    void ProbeWrites(int process, Span<ProbeOutcome> outcomes);

    /// <summary>Says what is to be seen of a process, changing nothing. Everything of <paramref name="seen"/> is empty or zero before.</summary>
    void Observe(int process, ProcessObservation seen);
}
