// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;
using Physr.Machine.Scenarios;
using Physr.Storage.Pmem;

namespace Physr.Cli;

/// <summary><c>physr plan</c>: what page descriptors cost, exactly, for one memory or for all of a scenario.</summary>
public static class PlanCommand
{
    private static readonly Dictionary<string, PlannedMemory> s_types = new(StringComparer.Ordinal)
    {
        ["fsdax"] = PlannedMemory.FsDax,
        ["devdax"] = PlannedMemory.DevDax,
        ["private"] = PlannedMemory.Private,
        ["pciP2P"] = PlannedMemory.PciP2P,
        ["ram"] = PlannedMemory.Ram,
    };

    /// <summary>Makes the verb. Exit codes: 0 done, 2 bad input.</summary>
    /// <param name="terminal">Where it writes.</param>
    /// <param name="loadScenario">Lists the memories of a scenario file, or throws <see cref="PhysrException"/> with the message to print; null where scenarios cannot be read.</param>
    public static Command Create(Terminal terminal, Func<string, IReadOnlyList<PlanCommandMemory>>? loadScenario = null)
    {
        Argument<string?> scenario = new("SCENARIO") { Description = "Plan every memory of this scenario instead of one.", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> type = new("--type") { Description = $"What kind of memory: {string.Join(", ", s_types.Keys)}.", HelpName = "TYPE" };
        Option<string?> size = new("--size") { Description = "How much, as 1500GiB.", HelpName = "SIZE" };
        Option<string?> align = new("--align") { Description = "4KiB, 2MiB or 1GiB; default is what is usual for the type.", HelpName = "SIZE" };
        Option<bool> altmap = new("--altmap") { Description = "Descriptors lie in the memory itself (map=dev); fsdax and devdax only." };
        Option<string> output = new("--output") { Description = "text or json.", HelpName = "text|json", DefaultValueFactory = static _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        Command command = new("plan", "Say what page descriptors cost, what capacity is left and what alignment wastes, for every way to use a memory.")
        {
            scenario, type, size, align, altmap, output,
        };
        command.Validators.Add(result =>
        {
            bool hasScenario = result.GetValue(scenario) is not null;
            bool hasOptions = result.GetResult(type) is not null || result.GetResult(size) is not null || result.GetResult(align) is not null || result.GetResult(altmap) is { Implicit: false };
            if (hasScenario == hasOptions)
            {
                result.AddError(hasScenario ? "Give a SCENARIO, or --type and --size, not both." : "Give --type and --size, or a SCENARIO.");
            }
        });
        command.SetAction(parsed =>
        {
            bool isJson = string.Equals(parsed.GetRequiredValue(output), "json", StringComparison.Ordinal);
            return parsed.GetValue(scenario) is { } path
                ? RunScenario(path, isJson, loadScenario, terminal)
                : RunOne(new(parsed.GetValue(type), parsed.GetValue(size), parsed.GetValue(align), parsed.GetValue(altmap)), isJson, terminal);
        });
        return command;
    }

    /// <summary>The name of a kind of memory as the options have it.</summary>
    internal static string NameOf(PlannedMemory memory) => s_types.FirstOrDefault(each => each.Value == memory).Key ?? "page-less";

    private static int RunOne(Words words, bool isJson, Terminal terminal)
    {
        if (!TryRead(words, out DescriptorPlanRequest? request, out string problem) || !DescriptorPlan.TryMake(request!, out DescriptorPlan? plan, out problem))
        {
            terminal.WriteMistake($"physr plan: {problem}");
            return ExitCode.BadInput;
        }

        terminal.Output.Write(isJson ? PlanCommandJson.Of(plan!) : PlanCommandText.Of(plan!, terminal));
        return ExitCode.Success;
    }

    private static int RunScenario(string path, bool isJson, Func<string, IReadOnlyList<PlanCommandMemory>>? load, Terminal terminal)
    {
        IReadOnlyList<PlanCommandMemory> memories;
        try
        {
            memories = load is null ? throw new PhysrException("scenarios cannot be read here") : load(path);
        }
        catch (PhysrException refusal)
        {
            terminal.WriteMistake($"physr plan: {refusal.Message}");
            return ExitCode.BadInput;
        }

        terminal.Output.Write(isJson ? PlanCommandJson.Of(memories) : PlanCommandText.Of(memories, terminal));
        return ExitCode.Success;
    }

    private static bool TryRead(Words words, out DescriptorPlanRequest? request, out string problem)
    {
        request = null;
        string types = string.Join(", ", s_types.Keys);
        if (words.Type is null || words.Size is null)
        {
            problem = $"--{(words.Type is null ? "type" : "size")} is missing: give both, as --type fsdax --size 1500GiB";
            return false;
        }

        if (!s_types.TryGetValue(words.Type, out PlannedMemory memory))
        {
            problem = $"--type '{words.Type}' is none of {types}";
            return false;
        }

        if (!SizeText.TryParse(words.Size, out ulong size, out string? wrong))
        {
            problem = $"--size {wrong}";
            return false;
        }

        ulong align = 0;
        if (words.Align is not null && !SizeText.TryParse(words.Align, out align, out wrong))
        {
            problem = $"--align {wrong}";
            return false;
        }

        problem = "";
        request = new(memory, size) { Align = words.Align is null ? null : align, HasAltmap = words.Altmap };
        return true;
    }

    private sealed record Words(string? Type, string? Size, string? Align, bool Altmap);
}
