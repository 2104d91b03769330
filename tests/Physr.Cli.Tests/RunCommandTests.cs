// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.Json;
using Physr.Cli.Tests.Infrastructure;
using Physr.Machine.Reports;
using Physr.Machine.Simulation;

namespace Physr.Cli.Tests;

public class RunCommandTests
{
    [Fact]
    public void AVerifiedRun_EndsWithZero_AndSaysNothingOnTheErrorOutput()
    {
        Invocation run = Invocation.Of("run", ScenarioFile.Path);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal("", run.Error);
        Assert.Contains("verified: 5 of 5 routes", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongBytesAndLeaks_EndWithOne_AndAreStillReported()
    {
        RunReport wrong = new("x", 1, [Reports.Bounce("a") with { Verified = false }]);
        RunReport leaking = new("x", 1, [Reports.Bounce("a") with { Leaked = ["a mapping"] }]);

        Assert.Equal(ExitCode.Failure, Invocation.Of(wrong, "run", ScenarioFile.Path).ExitCode);
        Invocation run = Invocation.Of(leaking, "run", ScenarioFile.Path, "--output", "json");
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Equal(1, JsonDocument.Parse(run.Output).RootElement.GetProperty("leaks").GetInt32());
    }

    [Theory]
    [InlineData("2017", 2017UL)]
    [InlineData("0", 0UL)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    [InlineData("0x7e1", 2017UL)]
    public void TheSeedOfTheCommandLineWins(string text, ulong expected)
    {
        ulong? seen = null;
        Invocation run = Invocation.Of(
            (scenario, seed, _, _) =>
            {
                seen = seed;
                return Reports.Good(seed ?? scenario.Seed);
            },
            default,
            "run",
            ScenarioFile.Path,
            "--seed",
            text);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal(expected, seen);
    }

    [Fact]
    public void WithoutASeed_TheScenarioDecides()
    {
        ulong? seen = 1;
        Invocation.Of(
            (_, seed, _, _) =>
            {
                seen = seed;
                return Reports.Good();
            },
            default,
            "run",
            ScenarioFile.Path);

        Assert.Null(seen);
    }

    [Theory]
    [InlineData("--seed 'x' is no seed", "run", "S", "--seed", "x")]
    [InlineData("--seed '-1' is no seed", "run", "S", "--seed=-1")]
    [InlineData("--seed '18446744073709551616' is no seed", "run", "S", "--seed", "18446744073709551616")]
    [InlineData("--file 'ns0' names no namespace and file; write --file ns0=PATH", "run", "S", "--file", "ns0")]
    [InlineData("--file '=x' names no namespace and file", "run", "S", "--file", "=x")]
    [InlineData("--file 'ns0=' names no namespace and file", "run", "S", "--file", "ns0=")]
    [InlineData("--file gives 'ns0' two files; give one", "run", "S", "--file", "ns0=a", "--file", "ns0=b")]
    [InlineData("physr run: Argument 'xml' not recognized. Must be one of: 'text' 'json'", "run", "S", "--output", "xml")]
    [InlineData("physr run: SCENARIO is empty; name a file", "run", "")]
    [InlineData("physr run: --trace is empty; name a file", "run", "S", "--trace", "")]
    [InlineData("Required argument missing for option: '--trace'", "run", "S", "--trace=")]
    [InlineData("--frob", "run", "S", "--frob")]
    [InlineData("Required argument 'SCENARIO' missing", "run")]
    public void AWrongOption_EndsWithTwo_OneMessageAndAPointerToHelp(string message, params string[] args)
    {
        Invocation run = Invocation.Of([.. args.Select(static arg => arg == "S" ? ScenarioFile.Path : arg)]);

        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Equal(2, run.ErrorLines.Length);
        Assert.Contains(message, run.ErrorLines[0], StringComparison.Ordinal);
        Assert.DoesNotContain(run.ErrorLines[0], char.IsControl);
        Assert.Equal("See 'physr run --help'.", run.ErrorLines[1]);
    }

    [Theory]
    [InlineData("which verb?")]
    [InlineData("there is no verb or option 'frob'", "frob")]
    [InlineData("there is no verb or option '--frob'", "--frob")]
    public void AnUnknownVerb_EndsWithTwo(string message, params string[] args)
    {
        Invocation run = Invocation.Of(args);

        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Equal(2, run.ErrorLines.Length);
        Assert.StartsWith($"physr: {message}", run.ErrorLines[0], StringComparison.Ordinal);
        Assert.Equal("See 'physr --help'.", run.ErrorLines[1]);
    }

    [Fact]
    public void Help_IsNoError()
    {
        Invocation help = Invocation.Of("run", "--help");

        Assert.Equal(ExitCode.Success, help.ExitCode);
        Assert.Contains("--trace <FILE>", help.Output, StringComparison.Ordinal);
        Assert.Equal("", help.Error);
    }

    [Fact]
    public void AnUnknownNamespaceOfAFileOption_IsToldAsTheOption()
    {
        Invocation run = Invocation.Of("run", ScenarioFile.Path, "--file", "nsO=/tmp/x");

        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Equal("--file nsO=/tmp/x: there is no namespace 'nsO'; did you mean 'ns0'? (there is: ns0, ns1)", Assert.Single(run.ErrorLines));
    }

    [Fact]
    public void AMissingFileOfAFileOption_IsToldAsTheOption()
    {
        Invocation run = Invocation.Of("run", ScenarioFile.Path, "--file", "ns0=/nonexistent/x");

        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.StartsWith("--file ns0=/nonexistent/x: there is no file '/nonexistent/x'", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void AMistakeInTheScenario_IsOneLine_AndEndsWithTwo()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("s.yaml", File.ReadAllText(ScenarioFile.Path).Replace("cmb: { size: 64MiB", "cmb: { size: 64MB?", StringComparison.Ordinal));

        Invocation run = Invocation.Of("run", path, "--trace", folder.File("t.json"));

        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Equal($"{path}:31:18: 'size': '64MB?' is not a size; did you mean 64MiB or 64000000?", Assert.Single(run.ErrorLines));
        Assert.Equal(["s.yaml"], folder.Files);
    }

    [Theory]
    [InlineData("nowhere.yaml", "there is no such file")]
    [InlineData(".", "is a directory")]
    public void AScenarioThatCannotBeRead_IsOneLine(string name, string message)
    {
        using TemporaryFolder folder = new();
        Invocation run = Invocation.Of("run", folder.File(name));

        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains(message, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void ADefectOfTheMachine_IsOneLineWithoutAStackTrace_AndEndsWithOne()
    {
        Invocation run = Invocation.Of((_, _, _, _) => throw new InvalidOperationException("two\nlines"), default, "run", ScenarioFile.Path);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Equal("physr: this is a defect of physr: InvalidOperationException: two lines", Assert.Single(run.ErrorLines));
    }

    [Fact]
    public void ATrace_AppearsWhole_AndReplacesAnOlderOne()
    {
        using TemporaryFolder folder = new();
        string trace = folder.Write("t.json", "old");

        Invocation run = Invocation.Of(Traced(static () => { }), default, "run", ScenarioFile.Path, "--trace", trace);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal(["t.json"], folder.Files);
        Assert.Equal(JsonValueKind.Array, JsonDocument.Parse(File.ReadAllText(trace)).RootElement.GetProperty("traceEvents").ValueKind);
    }

    [Fact]
    public void CtrlC_EndsWith130_LeavesNoFile_AndKeepsTheOldTrace()
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource source = new();
        string trace = folder.Write("t.json", "old");
        string[] during = [];

        Invocation run = Invocation.Of(
            Traced(() =>
            {
                during = folder.Files;
                source.Cancel();
                source.Token.ThrowIfCancellationRequested();
            }),
            source.Token,
            "run",
            ScenarioFile.Path,
            "--trace",
            trace);

        Assert.Equal(ExitCode.Interrupted, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Equal(2, during.Length);
        Assert.Equal(["t.json"], folder.Files);
        Assert.Equal("old", File.ReadAllText(trace));
    }

    [Fact]
    public void ADefect_LeavesNoTraceEither()
    {
        using TemporaryFolder folder = new();
        Invocation run = Invocation.Of(
            Traced(static () => throw new InvalidOperationException("x")),
            default,
            "run",
            ScenarioFile.Path,
            "--trace",
            folder.File("t.json"));

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void ATraceThatHasNoPlace_IsToldBeforeAnythingRuns()
    {
        using TemporaryFolder folder = new();
        string scenario = folder.Write("s.yaml", File.ReadAllText(ScenarioFile.Path));
        string[] places = [folder.Path, folder.File("no/such/t.json"), "/dev/null", scenario];

        foreach (string place in places)
        {
            Invocation run = Invocation.Of((_, _, _, _) => throw new InvalidOperationException("ran"), default, "run", scenario, "--trace", place);
            Assert.Equal(ExitCode.BadInput, run.ExitCode);
            Assert.StartsWith($"--trace {place}: ", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
            Assert.Equal(["s.yaml"], folder.Files);
        }
    }

    // sysfs takes new files from nobody, not even from root.
    [Fact]
    public void ATraceThatMayNotBeWritten_IsToldByItsOwnName_NotByThatOfATemporaryFile()
    {
        Invocation run = Invocation.Of((_, _, _, _) => throw new InvalidOperationException("ran"), default, "run", ScenarioFile.Path, "--trace", "/sys/kernel/t.json");

        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.DoesNotContain(".tmp", run.Error, StringComparison.Ordinal);
        Assert.StartsWith("--trace /sys/kernel/t.json: ", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void ATraceWhosePlaceIsTakenDuringTheRun_IsToldByItsOwnName_AndLeavesNothing()
    {
        using TemporaryFolder folder = new();
        string trace = folder.File("t.json");

        Invocation run = Invocation.Of(Traced(() => Directory.CreateDirectory(trace)), default, "run", ScenarioFile.Path, "--trace", trace);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.StartsWith($"--trace {trace}: cannot be written: ", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.DoesNotContain(".tmp", run.Error, StringComparison.Ordinal);
        Assert.Equal(["t.json"], folder.Files);
    }

    [Fact]
    public void ATraceOntoAnInputUnderAnotherName_IsRefused()
    {
        using TemporaryFolder folder = new();
        string scenario = folder.Write("s.yaml", File.ReadAllText(ScenarioFile.Path));
        File.CreateSymbolicLink(folder.File("link.yaml"), scenario);

        Invocation run = Invocation.Of("run", folder.File("link.yaml"), "--trace", scenario);

        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.EndsWith("is an input of this run; name another file", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void ALineEndInAPath_StillGivesOneLine()
    {
        Invocation run = Invocation.Of("run", ScenarioFile.Path, "--file", "ns0=/nonexistent/a\n\tb");

        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.StartsWith("--file ns0=/nonexistent/a b: there is no file", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void AFileOption_ReachesTheMachine()
    {
        using TemporaryFolder folder = new();
        string backing = folder.File("ns1.img");
        using (FileStream stream = File.Create(backing))
        {
            stream.SetLength(64 << 20);
        }

        string? seen = null;
        Invocation run = Invocation.Of(
            (scenario, _, _, _) =>
            {
                seen = scenario.Fabric.SelectMany(static node => node.Namespaces).Single(static ns => ns.Name == "ns1").BackingPath;
                return Reports.Good();
            },
            default,
            "run",
            ScenarioFile.Path,
            "--file",
            $"ns1={backing}");

        Assert.Equal("", run.Error);
        Assert.Equal(backing, seen);
    }

    private static RunScenario Traced(Action inTheMiddle) => (_, _, observer, _) =>
    {
        observer!.RouteStarted("bounce", 0, 1, 4096);
        observer.Span("nvme0", "read", SimTime.Zero, SimTime.FromNanoseconds(10), 4096);
        inTheMiddle();
        observer.RouteFinished(Reports.Bounce("bounce"));
        return Reports.Good();
    };
}
