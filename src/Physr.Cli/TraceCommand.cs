// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;

namespace Physr.Cli;

/// <summary><c>physr trace</c>: what was recorded of a machine, looked at on another. What <c>check</c> does is <see cref="TraceCheckVerb"/>.</summary>
public static class TraceCommand
{
    /// <summary>Makes the verb. Exit codes of <c>check</c>: 0 nothing wrong, 1 mistakes found, 2 bad input, 130 interrupted.</summary>
    public static Command Create() => new("trace", Text(
        "Examine a recorded trace of the DMA API.",
        "Record on any Linux 6.12 or newer, no debug kernel needed:",
        "  trace-cmd record -e dma sleep 10; trace-cmd report > dma.txt",
        "or, without trace-cmd, as root:",
        "  cd /sys/kernel/tracing; echo 1 > events/dma/enable; timeout 10 cat trace_pipe > dma.txt",
        "and on any machine:",
        "  physr trace check dma.txt"))
    {
        CreateCheck(),
    };

    private static Command CreateCheck()
    {
        var file = new Argument<string>("FILE") { Description = "The text of trace-cmd report, of trace_pipe or of perf script; - is the standard input." };
        var all = new Option<bool>("--all") { Description = "List every finding, not the first of each kind and device." };
        var strict = new Option<bool>("--strict")
        {
            Description = "Take the trace to be complete: a free of something never seen is a mistake, what is mapped at the end is a leak, and lost events excuse nothing.",
        };
        var driver = new Option<string?>("--driver") { Description = "Only findings of this driver's devices. Needs --root, or lines 'physr_dma_bind: DEVICE driver=NAME' in the trace.", HelpName = "NAME" };
        var root = new Option<string?>("--root") { Description = "Where sysfs says which driver a device has: / for this host, if the trace is of it.", HelpName = "DIR" };
        var output = new Option<string>("--output") { Description = "table or json.", HelpName = "table|json", DefaultValueFactory = static _ => "table" };
        output.AcceptOnlyFromAmong("table", "json");
        var command = new Command("check", Text(
            "Find misuse of the DMA API in a trace: the 25 classes of the kernel's dma-debug, stale and overlapping addresses, unmaps of nothing.",
            "What events before the trace or lost in it could explain is listed as uncertain and is no failure. Bad lines are named and passed over.",
            "Exit codes: 0 nothing wrong, 1 mistakes found, 2 bad input."))
        {
            file, all, strict, driver, root, output,
        };

        // On another thread: Ctrl-C is only turned into a cancellation once the action has returned its task.
        command.SetAction((parsed, cancel) => Task.Run(
            () => TraceCheckVerb.Run(
                new(
                    parsed.GetRequiredValue(file), parsed.GetValue(all), parsed.GetValue(strict), parsed.GetValue(driver), parsed.GetValue(root),
                    string.Equals(parsed.GetRequiredValue(output), "json", StringComparison.Ordinal)),
                parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancel),
            CancellationToken.None));
        return command;
    }

    private static string Text(params string[] lines) => string.Join(Environment.NewLine, lines);
}
