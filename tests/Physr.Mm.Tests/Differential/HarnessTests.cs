// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Mm.Tests.Differential;

/// <summary>The differential test's own ground: the kernel answers the same each time, and a difference is found and made short.</summary>
public sealed class HarnessTests(ITestOutputHelper output)
{
    [SkippableFact]
    public void TheKernelAnswersTheSameTwice()
    {
        using KernelAgent first = LiveKernel.Need();
        using KernelAgent second = LiveKernel.Need(cpu: 0);
        output.WriteLine($"{first.Policy}");
        foreach (MmSequence[] batch in LiveKernel.Programs(first, LiveKernel.Repeats).Chunk(250))
        {
            Task<Transcript[]> other = Task.Run(() => second.Run(batch));
            foreach ((Transcript once, Transcript twice) in first.Run(batch).Zip(other.GetAwaiter().GetResult()))
            {
                if (!once.Bytes.SequenceEqual(twice.Bytes))
                {
                    Assert.Fail($"{Comparer.Compare(once.Sequence, once.Steps(), twice.Steps(), CompareOptions.CompareReferenced)}");
                }
            }
        }
    }

    [SkippableFact]
    public void RecordedAnswersAgreeWithTheKernel()
    {
        using KernelAgent recorder = LiveKernel.Need(cpu: 0);
        DifferentialSuite.Run((_, sequence) => new RecordedWorld(recorder.Run(sequence)), output, CompareOptions.CompareReferenced, sequences: 200);
    }

    [SkippableFact]
    public void AWrongAnswerIsFoundAndShrunkToAFewOperations()
    {
        using KernelAgent agent = LiveKernel.Need();
        using KernelAgent recorder = LiveKernel.Need(cpu: 0);
        DifferentialRun run = new(agent, sequence => new RecordedWorld(recorder.Run(Spoilt(sequence))));
        Difference? found = run.CheckAll(LiveKernel.Programs(agent, 200));
        Assert.NotNull(found);
        Difference small = run.Shrink(found);
        output.WriteLine($"{found.Sequence.Ops.Count} operations became {small.Sequence.Ops.Count} in {run.Compared} runs\n{small}");
        Assert.InRange(small.Sequence.Ops.Count, 2, 3);
        Assert.Contains(small.Sequence.Ops, static op => op is MmOp.Mprotect { Length: 3 * Arena.PageSize });
        Assert.Contains("the kernel has", small.What, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void AllThatIsAskedHappens()
    {
        using KernelAgent agent = LiveKernel.Need();
        Dictionary<string, int> counts = [];
        foreach (Transcript transcript in agent.Run([.. LiveKernel.Programs(agent, 600)]))
        {
            foreach ((MmOp op, StepRecord step) in transcript.Sequence.Ops.Zip(transcript.Steps()))
            {
                string kind = op is MmOp.Madvise advise ? advise.Advice.ToString() : op.GetType().Name;
                string answer = step.Result.Kind == ResultKind.Value ? "value" : step.Result.Kind == ResultKind.Signal ? step.Result.ToString().Split(' ')[0] : step.Result.ToString();
                counts[$"{kind}: {answer}"] = counts.GetValueOrDefault($"{kind}: {answer}") + 1;
            }
        }

        foreach ((string what, int count) in counts.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{count,6}  {what}");
        }

        string[] wanted =
        [
            "Mmap: value", "Mmap: EINVAL", "Munmap: value", "Munmap: EINVAL", "Mprotect: value", "Mprotect: ENOMEM", "Mprotect: EINVAL", "Mremap: value", "Mremap: EINVAL", "Mremap: EFAULT", "Mremap: ENOMEM",
            "MADV_DONTNEED: value", "MADV_DONTNEED: ENOMEM", "MADV_FREE: value", "MADV_FREE: EINVAL", "MADV_POPULATE_READ: value", "MADV_POPULATE_READ: EINVAL", "MADV_POPULATE_WRITE: value", "MADV_DONTFORK: value",
            "MADV_WIPEONFORK: value", "Read: value", "Read: SIGSEGV/SEGV_MAPERR", "Read: SIGSEGV/SEGV_ACCERR", "Write: value", "Write: SIGSEGV/SEGV_MAPERR", "Write: SIGSEGV/SEGV_ACCERR", "Write: SIGBUS/BUS_ADRERR",
            "Fork: value", "Exit: value", "Ftruncate: value", "Pread: value", "Pwrite: value", "PunchHole: value",
        ];
        Assert.All(wanted, what => Assert.True(counts.GetValueOrDefault(what) >= 5, $"{what} hardly happened: {counts.GetValueOrDefault(what)}"));
    }

    /// <summary>A kernel that forgets the last page of a longer mprotect.</summary>
    private static MmSequence Spoilt(MmSequence sequence) => sequence with
    {
        Ops = [.. sequence.Ops.Select(static op => op is MmOp.Mprotect { Length: > 2 * Arena.PageSize and < Arena.Pages * Arena.PageSize } protect ? protect with { Length = protect.Length - Arena.PageSize } : op)],
    };
}
