// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;
using Physr.Memory;

namespace Physr.Cli;

/// <summary><c>physr memmap</c>: what is at which physical address, who provides it to peers, and what its page descriptors cost.</summary>
public static class MemmapCommand
{
    private const int Done = 0;
    private const int BadInput = 2;

    /// <summary>Makes the verb. Exit codes: 0 done, 2 bad input.</summary>
    /// <param name="loadScenario">Builds the memory of a scenario file, or throws <see cref="PhysrException"/> with the message to print; null where scenarios
    /// cannot be read.</param>
    public static Command Create(Func<string, MemoryMap>? loadScenario = null)
    {
        var scenario = new Argument<string?>("SCENARIO") { Description = "Show the memory of this scenario instead of a host's.", Arity = ArgumentArity.ZeroOrOne };
        var root = new Option<string?>("--root") { Description = "A capture laid out like /; default is the live host." };
        var output = new Option<string>("--output") { Description = "text or json.", DefaultValueFactory = _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        var command = new Command("memmap", "Print the resource tree as in /proc/iomem, with provider, memory type and descriptor cost of each range.") { scenario, root, output };
        command.Validators.Add(result =>
        {
            if (result.GetValue(scenario) is not null && result.GetResult(root) is { Implicit: false })
            {
                result.AddError("Give a SCENARIO or --root, not both.");
            }
        });
        command.SetAction(parsed => Run(
            parsed.GetValue(scenario), parsed.GetValue(root) ?? "/", string.Equals(parsed.GetRequiredValue(output), "json", StringComparison.Ordinal),
            loadScenario, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(string? scenario, string root, bool isJson, Func<string, MemoryMap>? loadScenario, TextWriter output, TextWriter error)
    {
        if (!TryLoad(scenario, root, loadScenario, out MemmapCommandSource source, out string problem))
        {
            error.WriteLine($"physr memmap: {problem}");
            return BadInput;
        }

        IReadOnlyList<MemmapCommandRow> rows = MemmapCommandRow.Of(source.Map);
        if (isJson)
        {
            MemmapCommandJson.Write(output, source, rows);
        }
        else
        {
            MemmapCommandText.Write(output, source, rows);
        }

        return Done;
    }

    private static bool TryLoad(string? scenario, string root, Func<string, MemoryMap>? loadScenario, out MemmapCommandSource source, out string problem)
    {
        if (scenario is null)
        {
            return MemmapCommandSource.TryRead(root, out source, out problem);
        }

        source = null!;
        try
        {
            problem = "scenarios cannot be read here";
            source = loadScenario is null ? null! : new(loadScenario(scenario), [], AddressesHidden: false);
        }
        catch (PhysrException refusal)
        {
            problem = refusal.Message;
        }

        return source is not null;
    }
}
