// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>Finds the first difference between what the kernel and a model answered and showed.</summary>
internal static partial class Comparer
{
    public static Difference? Compare(MmSequence sequence, IEnumerable<StepRecord> kernel, IEnumerable<StepRecord> model, CompareOptions options = CompareOptions.None)
    {
        using IEnumerator<StepRecord> models = model.GetEnumerator();
        int step = 0;
        foreach (StepRecord expected in kernel)
        {
            string? what;
            try
            {
                what = models.MoveNext() ? Compare(expected, models.Current, options) : "The model has no such step.";
            }
            catch (Exception failure)
            {
                // A model that breaks is a difference like any other: it is shrunk and shown with its program.
                what = $"The model threw {failure}";
            }

            if (what is not null)
            {
                return new(sequence, step, what);
            }

            step++;
        }

        return null;
    }

    private static string? Compare(StepRecord kernel, StepRecord model, CompareOptions options)
    {
        if (kernel.Result != model.Result)
        {
            return Line("answer", kernel.Result, model.Result);
        }

        for (int process = 0; process < Arena.Processes; process++)
        {
            ProcessObservation? expected = kernel.Observation.Processes[process];
            ProcessObservation? got = model.Observation.Processes[process];
            if ((expected is null) != (got is null))
            {
                return Line($"P{process}", expected is null ? "not there" : "alive", got is null ? "not there" : "alive");
            }

            string? what = Probes($"P{process} read probe", kernel.Reads[process], model.Reads[process])
                ?? Hashes($"P{process} read probe", kernel.ReadHashes[process], model.ReadHashes[process])
                ?? Probes($"P{process} write probe", kernel.Writes[process], model.Writes[process]);
            if (what is not null)
            {
                return what;
            }
        }

        // VMAs of all processes first, then pages, then the sums: what is nearest to the cause comes first.
        return Each(kernel, model, (name, expected, got) => Vmas(name, expected, got, options))
            ?? Each(kernel, model, Pages)
            ?? Each(kernel, model, static (name, expected, got) => Hashes($"{name} contents", expected.Hashes, got.Hashes))
            ?? Each(kernel, model, (name, expected, got) => Fields(name, expected, got, options));
    }

    private static string? Each(StepRecord kernel, StepRecord model, Func<string, ProcessObservation, ProcessObservation, string?> compare)
    {
        for (int process = 0; process < Arena.Processes; process++)
        {
            if (kernel.Observation.Processes[process] is { } expected && compare($"P{process}", expected, model.Observation.Processes[process]!) is { } what)
            {
                return what;
            }
        }

        return null;
    }

    private static string? Probes(string name, ProbeOutcome[]? expected, ProbeOutcome[]? got)
    {
        if (expected is null || got is null || expected.AsSpan().SequenceEqual(got))
        {
            return expected is null == got is null ? null : Line(name, expected is null ? "none" : "done", got is null ? "none" : "done");
        }

        int page = expected.AsSpan().CommonPrefixLength(got);
        return Line($"{name}, page {page}", expected[page], got[page]);
    }

    private static string? Hashes(string name, ulong[]? expected, ulong[]? got)
    {
        if (expected is null || got is null || expected.AsSpan().SequenceEqual(got))
        {
            return null;
        }

        int page = expected.AsSpan().CommonPrefixLength(got);
        return Line($"{name}, page {page}, hash of the contents", $"0x{expected[page]:x}", $"0x{got[page]:x}");
    }

    private static string? Pages(string name, ProcessObservation expected, ProcessObservation got)
    {
        int page = expected.Pages.AsSpan().CommonPrefixLength(got.Pages);
        return page == Arena.Pages ? null : Line($"{name}, page {page}", Describe(expected.Pages[page]), Describe(got.Pages[page]));
    }

    private static string Describe(PageObservation page) =>
        $"{page.Flags}{(page.Frame == 0 ? string.Empty : $", frame {page.Frame}")}, mincore {(page.Mincore == PageObservation.Unmapped ? "ENOMEM" : page.Mincore.ToString())}";

    private static string Line(string what, object kernel, object model) => $"  {what}: the kernel has {kernel}, the model {model}{Environment.NewLine}";
}
