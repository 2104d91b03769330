// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>A world that answers what the kernel answered once: what the harness itself is tested with.</summary>
internal sealed class RecordedWorld(Transcript transcript) : IProcessWorld
{
    private readonly List<StepRecord> _steps = [.. transcript.Steps()];
    private int _at;
    private bool _wasObserved;

    public OpResult Execute(MmOp op) => Current().Result;

    // Nobody comes or goes but by an operation.
    public bool IsLive(int process) => _steps[_at].Observation.Processes[process] is not null;

    public void ProbeReads(int process, Span<ProbeOutcome> outcomes, Span<ulong> hashes)
    {
        StepRecord step = Current();
        step.Reads[process].CopyTo(outcomes);
        step.ReadHashes[process].CopyTo(hashes);
    }

    public void ProbeWrites(int process, Span<ProbeOutcome> outcomes) => Current().Writes[process].CopyTo(outcomes);

    public void Observe(int process, ProcessObservation seen)
    {
        ProcessObservation had = _steps[_at].Observation.Processes[process]!;
        seen.Vmas.AddRange(had.Vmas);
        had.Pages.CopyTo(seen.Pages, 0);
        had.Hashes.CopyTo(seen.Hashes, 0);
        _wasObserved = true;
    }

    /// <summary>What comes after an observation belongs to the next step.</summary>
    private StepRecord Current()
    {
        _at += _wasObserved ? 1 : 0;
        _wasObserved = false;
        return _steps[_at];
    }
}
