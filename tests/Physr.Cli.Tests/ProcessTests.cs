// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Cli.Tests.Infrastructure;

namespace Physr.Cli.Tests;

/// <summary>The real process: what no writer in a test can show.</summary>
public class ProcessTests
{
    [Fact]
    public void TheProcess_EndsWithTheVerbsCode_AndWritesMistakesToTheErrorOutput()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("s.yaml", "name: x\nnmae: y\n");

        (int exitCode, string output, string error) = Run("run", path, "--output", "json");

        Assert.Equal(ExitCode.BadInput, exitCode);
        Assert.Equal("", output);
        Assert.StartsWith($"{path}:1:1: a scenario needs the key 'host'", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Equal(["s.yaml"], folder.Files);
    }

    [Fact]
    public void TheProcess_ShowsHelpWithoutEscapes_WhereItsOutputIsAPipe()
    {
        (int exitCode, string output, string error) = Run("--help");

        Assert.Equal(ExitCode.Success, exitCode);
        Assert.Contains("run", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
        Assert.Equal("", error);
    }

    [Fact]
    public void TheProcess_ChecksATraceFromItsStandardInput()
    {
        string trace = File.ReadAllText(Path.Combine(ScenarioFile.RepositoryRoot, "docs", "examples", "dma-trace-clean.txt"));
        (int exitCode, string output, string error) = RunWithInput(trace, "trace", "check", "-");
        Assert.Equal((ExitCode.Success, ""), (exitCode, error));
        Assert.StartsWith("FINDINGS: none", output, StringComparison.Ordinal);
    }

    private static (int ExitCode, string Output, string Error) Run(params string[] args) => RunWithInput("", args);

    private static (int ExitCode, string Output, string Error) RunWithInput(string input, params string[] args)
    {
        ProcessStartInfo start = new("dotnet", [typeof(PhysrCli).Assembly.Location, .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
