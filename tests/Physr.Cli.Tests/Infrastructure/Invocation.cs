// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;

namespace Physr.Cli.Tests.Infrastructure;

/// <summary>One command line through the tool's entry, with a fake machine.</summary>
internal sealed record Invocation(int ExitCode, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Invocation Of(params string[] args) => Of(static (_, seed, _, _) => Reports.Good(seed ?? 2017), default, args);

    public static Invocation Of(RunReport report, params string[] args) => Of((_, _, _, _) => report, default, args);

    public static Invocation Of(RunScenario run, CancellationToken cancellation, params string[] args)
    {
        StringWriter output = new();
        StringWriter error = new();
        int exitCode = PhysrCli.Invoke(args, new Terminal(output, error), run, cancellation);
        return new(exitCode, output.ToString(), error.ToString());
    }
}
