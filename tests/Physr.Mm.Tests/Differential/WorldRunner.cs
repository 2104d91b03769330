// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>Drives a world through a sequence, in the agent's order: the operation; the read probe of each process; the write probe of each; the observation of each.</summary>
internal static class WorldRunner
{
    public static IEnumerable<StepRecord> Run(MmSequence sequence, IProcessWorld world)
    {
        for (int step = 0; step < sequence.Ops.Count + 2; step++)
        {
            StepRecord record = new(step);
            int closing = step - sequence.Ops.Count;
            if (closing < 0)
            {
                record.Result = world.Execute(sequence.Ops[step]);
            }

            if (closing == 0 || (closing < 0 && sequence.Mode != ProbeMode.Quiet))
            {
                foreach (int process in Live(world))
                {
                    world.ProbeReads(process, record.Reads[process] = new ProbeOutcome[Arena.Pages], record.ReadHashes[process] = new ulong[Arena.Pages]);
                }
            }

            if (closing == 1 || (closing < 0 && sequence.Mode == ProbeMode.Writes))
            {
                foreach (int process in Live(world))
                {
                    world.ProbeWrites(process, record.Writes[process] = new ProbeOutcome[Arena.Pages]);
                }
            }

            foreach (int process in Live(world))
            {
                world.Observe(process, record.Observation.Processes[process] = new());
            }

            record.Observation.Renumber();
            yield return record;
        }
    }

    private static IEnumerable<int> Live(IProcessWorld world) => Enumerable.Range(0, Arena.Processes).Where(world.IsLive);
}
