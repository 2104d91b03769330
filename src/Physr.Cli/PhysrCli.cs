// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;
using System.CommandLine.Invocation;
using Physr.Cli.Live;
using Physr.Cli.Page;
using Physr.Machine;
using Physr.Machine.Scenarios;
using Physr.Memory;

namespace Physr.Cli;

/// <summary>The tool's entry: verbs, usage errors, and the last word on anything that nobody expected.</summary>
public static class PhysrCli
{
    /// <summary>Runs one command line.</summary>
    /// <param name="args">The arguments, without the tool's name.</param>
    /// <param name="terminal">Where to write.</param>
    /// <param name="runScenario">Runs scenarios; null is the machine.</param>
    /// <param name="cancellation">Stops the verb.</param>
    /// <returns>The exit code, see <see cref="ExitCode"/>.</returns>
    public static int Invoke(IReadOnlyList<string> args, Terminal terminal, RunScenario? runScenario = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(terminal);
        InvocationConfiguration configuration = new()
        {
            Output = terminal.Output,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };

        try
        {
            ParseResult parsed = CreateRoot(terminal, runScenario ?? LiveRegions.Run).Parse(args);
            return parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction
                ? ReportUsage(parsed, terminal)
                : parsed.InvokeAsync(configuration, cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            terminal.Error.WriteLine("physr: interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or PhysrException)
        {
            terminal.WriteMistake($"physr: {failure.Message}");
            return ExitCode.Failure;
        }
#pragma warning disable CA1031 // The last line of defence: a user never sees a stack trace.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            terminal.WriteMistake($"physr: this is a defect of physr: {failure.GetType().Name}: {failure.Message}");
            return ExitCode.Failure;
        }
    }

    private static RootCommand CreateRoot(Terminal terminal, RunScenario runScenario) =>
        new("Memory and DMA without page descriptors: runs simulated hosts, and judges peer-to-peer on real ones.")
        {
            RunCommand.Create(terminal, runScenario),
            P2PCommand.Create(),
            MemmapCommand.Create(LoadMemory),
            PlanCommand.Create(terminal, LoadPlan),
            CaptureCommand.Create(),
            TraceCommand.Create(),
            PageCommand.Create(terminal),
        };

    private static MemoryMap LoadMemory(string path) =>
        ScenarioReader.TryRead(path, null, out Scenario? scenario, out IReadOnlyList<ScenarioError> errors)
            ? ScenarioMemoryMap.Of(scenario)
            : throw new PhysrException(string.Join(Environment.NewLine, errors));

    private static IReadOnlyList<PlanCommandMemory> LoadPlan(string path) =>
        ScenarioReader.TryRead(path, null, out Scenario? scenario, out IReadOnlyList<ScenarioError> errors)
            ? PlanCommandSource.Of(scenario)
            : throw new PhysrException(string.Join(Environment.NewLine, errors));

    // System.CommandLine would print the whole help on standard output, and end with 1.
    private static int ReportUsage(ParseResult parsed, Terminal terminal)
    {
        Command command = parsed.CommandResult.Command;
        bool isVerb = command is not RootCommand;
        string verb = PathOf(command);
        IEnumerable<string> messages = isVerb
            ? parsed.Errors.Select(static error => error.Message).Distinct(StringComparer.Ordinal)
            : [DescribeVerb(parsed, command)];
        foreach (string message in messages)
        {
            terminal.WriteMistake($"{verb}: {message}");
        }

        terminal.Error.WriteLine($"See '{verb} --help'.");
        return ExitCode.BadInput;
    }

    private static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{PathOf(parent)} {command.Name}" : "physr";

    private static string DescribeVerb(ParseResult parsed, Command root)
    {
        string verbs = string.Join(", ", root.Subcommands.Select(static verb => verb.Name));
        return parsed.UnmatchedTokens is [var first, ..] ? $"there is no verb or option '{first}' (verbs: {verbs})" : $"which verb? ({verbs})";
    }
}
