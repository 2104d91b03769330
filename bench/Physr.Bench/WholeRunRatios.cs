// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Bench;

/// <summary>The tool as a user starts it: from process start to its exit, which follows the report. It is built beside this benchmark, in the same configuration.</summary>
internal static class WholeRunRatios
{
    private const double Most = 2;
    private const int Runs = 5;

    public static void Run(RatioTable table)
    {
        string? root = FindRoot();
        string tool = Path.Combine(root ?? "", "artifacts", "bin", "Physr.Cli", "release", "physr.dll");
        if (root is null || !File.Exists(tool))
        {
            table.Skip("physr run scenarios/copy-offload.yaml, process start to exit", "the tool is not built: dotnet build -c Release src/Physr.Cli");
            return;
        }

        string scenario = Path.Combine(root, "scenarios", "copy-offload.yaml");
        double[] runs = new double[Runs];
        double[] starts = new double[Runs];
        for (int i = 0; i < Runs; i++)
        {
            starts[i] = Time(tool, "--version");
            runs[i] = Time(tool, "run", scenario, "--output", "json");
        }

        Array.Sort(runs);
        Array.Sort(starts);
        table.Limit($"physr run scenarios/copy-offload.yaml, process start to exit, median of {Runs}", runs[Runs / 2], "s", Most, $"< {Most} s");
        table.Note("same, slowest", runs[^1], "s");
        table.Note($"physr --version, median of {Runs}: what a start costs", starts[Runs / 2], "s");
    }

    private static double Time(string tool, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [tool, .. arguments]) { RedirectStandardOutput = true, UseShellExecute = false };
        long from = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? Stopwatch.GetElapsedTime(from).TotalSeconds : throw new InvalidOperationException($"physr ended with {process.ExitCode}.");
    }

    private static string? FindRoot()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !Directory.Exists(Path.Combine(at.FullName, "scenarios")))
        {
            at = at.Parent;
        }

        return at?.FullName;
    }
}
