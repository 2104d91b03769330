// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>Runs sequences in the kernel and in a model, and compares.</summary>
internal sealed class DifferentialRun(KernelAgent agent, Func<MmSequence, IProcessWorld> makeWorld, CompareOptions options = CompareOptions.None)
{
    private const int Batch = 100;

    /// <summary>How many sequences were compared.</summary>
    public int Compared { get; private set; }

    /// <summary>One sequence in both worlds.</summary>
    public Difference? Check(MmSequence sequence) => Compare(agent.Run(sequence));

    /// <summary>Sequences in both worlds, until the first difference. The kernel runs one batch while the model runs the one before it.</summary>
    public Difference? CheckAll(IEnumerable<MmSequence> sequences)
    {
        Task<Transcript[]> running = Task.FromResult<Transcript[]>([]);
        foreach (MmSequence[] batch in sequences.Chunk(Batch).Append([]))
        {
            Transcript[] done = running.GetAwaiter().GetResult();
            running = Task.Run(() => agent.Run(batch));
            foreach (Transcript transcript in done)
            {
                if (Compare(transcript) is { } difference)
                {
                    running.GetAwaiter().GetResult();
                    return difference;
                }
            }
        }

        return null;
    }

    /// <summary>The difference of a program as short and simple as could be found.</summary>
    public Difference Shrink(Difference difference) => new Shrinker(Check).Shrink(difference);

    private Difference? Compare(Transcript transcript)
    {
        Compared++;
        IProcessWorld world = makeWorld(transcript.Sequence);
        using IDisposable? owned = world as IDisposable;
        return Comparer.Compare(transcript.Sequence, transcript.Steps(), WorldRunner.Run(transcript.Sequence, world), options);
    }
}
