// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Physr.Cli;

/// <summary><c>physr run</c>: its options. What they do is <see cref="RunVerb"/>.</summary>
public static class RunCommand
{
    /// <summary>Makes the command.</summary>
    /// <param name="terminal">Where it writes.</param>
    /// <param name="run">What runs the scenario.</param>
    public static Command Create(Terminal terminal, RunScenario run)
    {
        Argument<string> scenario = new("SCENARIO") { Description = "The scenario file (docs/scenarios.md)." };
        Option<ulong?> seed = new("--seed")
        {
            Description = "Replay with this seed instead of the scenario's.",
            HelpName = "N",
            CustomParser = ParseSeed,
        };
        Option<Dictionary<string, string>> files = new("--file")
        {
            Description = "Back a namespace, or a pmem of a scenario of kind storage, by a file, instead of what the scenario says. May be given several times. The run writes into it.",
            HelpName = "NAME=PATH",
            CustomParser = ParseFiles,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = static _ => [],
        };
        Option<string> output = new("--output") { Description = "text or json.", HelpName = "text|json", DefaultValueFactory = static _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        Option<string?> trace = new("--trace") { Description = "Write the run as Chrome/Perfetto trace events.", HelpName = "FILE" };
        scenario.Validators.Add(static result => RefuseEmpty(result, "SCENARIO"));
        trace.Validators.Add(static result => RefuseEmpty(result, "--trace"));
        Option<bool> dumpMemory = new("--dump-mm")
        {
            Description = "Also print maps, smaps and pagemap of the scenario's process, before, during and after; only for scenarios of kind unaddressable.",
        };
        Option<bool> quiet = new("--quiet") { Description = "No progress bar." };

        Command command = new("run", "Build the host of a scenario, move its bytes over each route, check them, and compare the routes.")
        {
            scenario, seed, files, output, trace, dumpMemory, quiet,
        };
        command.SetAction((parsed, cancellation) =>
        {
            RunOptions options = new(
                parsed.GetRequiredValue(scenario),
                parsed.GetValue(seed),
                parsed.GetValue(files) ?? [],
                parsed.GetValue(output) == "json",
                parsed.GetValue(trace),
                parsed.GetValue(dumpMemory),
                parsed.GetValue(quiet));
            return Task.FromResult(new RunVerb(terminal, run).Execute(options, cancellation));
        });
        return command;
    }

    private static void RefuseEmpty(SymbolResult result, string what)
    {
        if (result.Tokens.Any(static token => token.Value.Length == 0))
        {
            result.AddError($"{what} is empty; name a file");
        }
    }

    private static ulong? ParseSeed(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        bool hexadecimal = text.StartsWith("0x", StringComparison.Ordinal);
        bool read = hexadecimal
            ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong seed)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seed);
        if (!read)
        {
            result.AddError($"--seed '{text}' is no seed; give a whole number from 0 to {ulong.MaxValue}, or 0x and hexadecimal digits");
        }

        return read ? seed : null;
    }

    private static Dictionary<string, string> ParseFiles(ArgumentResult result)
    {
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (Token token in result.Tokens)
        {
            int equals = token.Value.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == token.Value.Length - 1)
            {
                result.AddError($"--file '{token.Value}' names no namespace and file; write --file ns0=PATH");
            }
            else if (!files.TryAdd(token.Value[..equals], token.Value[(equals + 1)..]))
            {
                result.AddError($"--file gives '{token.Value[..equals]}' two files; give one");
            }
        }

        return files;
    }
}
