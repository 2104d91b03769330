// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>One step of a run: the answer, the probes where there were some, and what was to be seen then.</summary>
internal sealed class StepRecord(int step)
{
    /// <summary>The operation's index; after the last come the closing read probe and the closing write probe.</summary>
    public int Step { get; } = step;

    public OpResult Result { get; set; }

    public ProbeOutcome[]?[] Reads { get; } = new ProbeOutcome[]?[Arena.Processes];

    public ulong[]?[] ReadHashes { get; } = new ulong[]?[Arena.Processes];

    public ProbeOutcome[]?[] Writes { get; } = new ProbeOutcome[]?[Arena.Processes];

    public Observation Observation { get; } = new();
}
