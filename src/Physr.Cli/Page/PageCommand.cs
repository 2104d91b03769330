// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;

namespace Physr.Cli.Page;

/// <summary><c>physr page</c>: memory that lives elsewhere, on this machine. What <c>bench</c> does is <see cref="PageBenchVerb"/>.</summary>
public static class PageCommand
{
    /// <summary>Makes the verb. Exit codes of <c>bench</c>: 0 every page held what was written, 1 one did not, 2 bad input.</summary>
    /// <param name="terminal">Where it writes.</param>
    public static Command Create(Terminal terminal) => new("page", "Memory that lives elsewhere: pages come when they are touched, and leave when there are too many.") { CreateBench(terminal) };

    private static Command CreateBench(Terminal terminal)
    {
        Option<string?> size = new("--size") { Description = "How much memory, as 1GiB; may be far more than there is.", HelpName = "SIZE" };
        Option<string?> resident = new("--resident") { Description = "How much of it may be in RAM at once, as 256MiB.", HelpName = "SIZE" };
        Option<string> store = Text("--store", "Where pages live otherwise: memory, file:PATH, lz4 or zstd. A file that is not there is made, and removed at the end.", "STORE", "memory");
        Option<string> pattern = Text("--pattern", "Which page comes next: sequential, random, or zipf (few very often).", "PATTERN", "random");
        Option<string> threads = Text("--threads", "Threads that touch pages, each its own.", "N", "1");
        Option<string> seconds = Text("--seconds", "How long they do. Ctrl-C ends it early.", "S", "10");
        Option<string> ratio = Text("--write-ratio", "How many of the touches are writes, 0 to 1.", "R", "0.3");
        Option<bool> lease = new("--lease") { Description = "Touch pages under a residency lease, which waits in a system call instead of a page fault." };
        Option<string?> kill = new("--kill-pager-every") { Description = "Kill the pager that serves with SIGKILL, again and again.", HelpName = "MS" };
        Option<string> seed = Text("--seed", "What order and content follow from.", "N", "1");
        Option<bool> overwrite = new("--overwrite") { Description = "Use a file that is there, and lose what it has." };
        Option<string> output = new("--output") { Description = "text or json.", HelpName = "text|json", DefaultValueFactory = static _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        Command command = new("bench", string.Join(
            Environment.NewLine,
            "Touch pages of a region by ordinary loads and stores, and verify at the end that every one of them holds what was written last.",
            "Latencies are of the accesses (whole pages) that faulted, as the threads saw them: those that took more than four times what 99 of 100 need in resident memory, 2 us at the least.",
            "Exit codes: 0 verified, 1 not, 2 bad input."))
        {
            size, resident, store, pattern, threads, seconds, ratio, lease, kill, seed, overwrite, output,
        };

        // On another thread: Ctrl-C is only turned into a cancellation once the action has returned its task.
        command.SetAction((parsed, cancellation) => Task.Run(
            () => new PageBenchVerb(terminal).Execute(
                new()
                {
                    Size = parsed.GetValue(size),
                    Resident = parsed.GetValue(resident),
                    Store = parsed.GetRequiredValue(store),
                    Pattern = parsed.GetRequiredValue(pattern),
                    Threads = parsed.GetRequiredValue(threads),
                    Seconds = parsed.GetRequiredValue(seconds),
                    WriteRatio = parsed.GetRequiredValue(ratio),
                    KillEvery = parsed.GetValue(kill),
                    Seed = parsed.GetRequiredValue(seed),
                    Leases = parsed.GetValue(lease),
                    Overwrites = parsed.GetValue(overwrite),
                    IsJson = string.Equals(parsed.GetRequiredValue(output), "json", StringComparison.Ordinal),
                },
                cancellation),
            CancellationToken.None));
        return command;
    }

    private static Option<string> Text(string name, string description, string value, string usual) =>
        new(name) { Description = description, HelpName = value, DefaultValueFactory = _ => usual };
}
