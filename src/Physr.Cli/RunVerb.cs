// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Cli.Rendering;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;

namespace Physr.Cli;

/// <summary>What <c>physr run</c> does: read, run, report.</summary>
/// <param name="terminal">Where it writes.</param>
/// <param name="run">What runs the scenario.</param>
internal sealed class RunVerb(Terminal terminal, RunScenario run)
{
    /// <summary>Does it.</summary>
    /// <returns>The exit code.</returns>
    public int Execute(RunOptions options, CancellationToken cancellation)
    {
        if (!ScenarioReader.TryRead(options.ScenarioPath, options.Files, out Scenario? scenario, out IReadOnlyList<ScenarioError> errors))
        {
            foreach (ScenarioError error in errors)
            {
                terminal.WriteMistake(error.ToString());
            }

            return ExitCode.BadInput;
        }

        if (options.DumpsMemory)
        {
            if (scenario.Unaddressable is not { } process)
            {
                terminal.WriteMistake($"--dump-mm: {options.ScenarioPath} has no process; only scenarios of kind unaddressable have one");
                return ExitCode.BadInput;
            }

            scenario = scenario with { Unaddressable = process with { KeepsDumps = true } };
        }

        if (options.TracePath is null)
        {
            return Report(RunWatched(scenario, options, null, cancellation), scenario, options);
        }

        if (!TraceFile.TryCreate(options.TracePath, InputsOf(options, scenario), out TraceFile? file, out string? problem))
        {
            terminal.WriteMistake($"--trace {options.TracePath}: {problem}");
            return ExitCode.BadInput;
        }

        using (file)
        {
            RunReport report;
            try
            {
                using (ChromeTrace trace = new(file.Stream))
                {
                    report = RunWatched(scenario, options, trace, cancellation);
                    trace.Complete(report.Scenario, report.Seed);
                }

                file.Commit();
            }
            catch (Exception failure) when (file.IsReasonOf(failure))
            {
                terminal.WriteMistake($"--trace {options.TracePath}: {file.Describe(failure)}");
                return ExitCode.Failure;
            }

            return Report(report, scenario, options);
        }
    }

    private static IReadOnlyList<string> InputsOf(RunOptions options, Scenario scenario) =>
    [
        options.ScenarioPath,
        .. scenario.Fabric.SelectMany(static node => node.Namespaces).Select(static ns => ns.BackingPath).OfType<string>(),
        .. scenario.Fabric.Select(static node => node.BackingPath).OfType<string>(),
    ];

    private RunReport RunWatched(Scenario scenario, RunOptions options, ChromeTrace? trace, CancellationToken cancellation)
    {
        bool showsProgress = terminal.IsWatched && !options.IsQuiet && !options.IsJson;
        RunReport report = showsProgress
            ? ProgressDisplay.Run(terminal, bar => run(scenario, options.Seed, trace is null ? bar : new ObserverPair(bar, trace), cancellation))
            : run(scenario, options.Seed, trace, cancellation);
        cancellation.ThrowIfCancellationRequested();
        return report;
    }

    private int Report(RunReport report, Scenario scenario, RunOptions options)
    {
        if (options.IsJson)
        {
            terminal.Output.WriteLine(RunReportJson.Write(report));
        }
        else
        {
            terminal.Output.Write(new RunReportText(report, scenario, terminal).Render());
            MemoryDumpText.Write(report, terminal.Output);
        }

        return report.Verified && report.Leaks == 0 ? ExitCode.Success : ExitCode.Failure;
    }
}
