// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.IO.Pipes;
using System.Text.Json;
using Physr.Cli.Tests.Infrastructure;

namespace Physr.Cli.Tests;

public sealed class TraceCommandTests : IDisposable
{
    private const string Map = "  a-1 [000] ..... 1.000001: dma_map_phys: 0000:03:00.0 dir=TO_DEVICE dma_addr=1000 size=4096 phys_addr=1000 attrs=\n";
    private const string Unmap = "  a-1 [000] ..... 1.000002: dma_unmap_phys: 0000:03:00.0 dir=TO_DEVICE dma_addr=1000 size=4096 attrs=\n";
    private const string UnmapShort = "  a-1 [000] ..... 1.000003: dma_unmap_phys: 0000:03:00.0 dir=TO_DEVICE dma_addr=1000 size=512 attrs=\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ACleanTraceEndsWith0()
    {
        Invocation run = Check(Map + Unmap);
        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Error));
        Assert.StartsWith("FINDINGS: none", run.Output, StringComparison.Ordinal);
        Assert.Contains("2 lines: 2 DMA events (dma_map_phys 1, dma_unmap_phys 1), other events 0, bad lines 0.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AMistakeEndsWith1_AndNamesLineDeviceClassAndBothSizes()
    {
        Invocation run = Check(Map + UnmapShort);
        Assert.Equal((ExitCode.Failure, ""), (run.ExitCode, run.Error));
        Assert.Contains(
            "  line 2  0000:03:00.0  #4  unmaps with a different size [address 0x1000] [unmapped 512 bytes; expected 4096 bytes, as mapped]", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ATraceThatNothingMoreComesFrom_CanBeInterrupted()
    {
        using AnonymousPipeServerStream silent = new(PipeDirection.Out);
        using CancellationTokenSource interrupt = new(TimeSpan.FromMilliseconds(100));
        Invocation run = Invocation.Of((_, seed, _, _) => Reports.Good(seed ?? 1), interrupt.Token, "trace", "check", $"/proc/self/fd/{silent.GetClientHandleAsString()}");
        Assert.Equal((ExitCode.Interrupted, "physr: interrupted\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public void TheExamplesGiveWhatTheyAreFor()
    {
        string examples = Path.Combine(ScenarioFile.RepositoryRoot, "docs", "examples");
        Invocation run = Invocation.Of("trace", "check", Path.Combine(examples, "dma-trace.txt"));
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.StartsWith("FINDINGS (7)", run.Output, StringComparison.Ordinal);
        Assert.Contains("UNCERTAIN", run.Output, StringComparison.Ordinal);
        Assert.Contains("STILL MAPPED", run.Output, StringComparison.Ordinal);
        Assert.Contains("line 23: dma_addr= is missing", run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Success, Invocation.Of("trace", "check", Path.Combine(examples, "dma-trace-clean.txt"), "--strict").ExitCode);
    }

    [Fact]
    public void JsonIsOneObjectWithTheSame()
    {
        Invocation run = Check(Map + UnmapShort + "garbage\n" + Map, "--output", "json");
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement root = document.RootElement;
        Assert.False(root.GetProperty("clean").GetBoolean());
        JsonElement finding = Assert.Single(root.GetProperty("findings").EnumerateArray());
        Assert.Equal((2, 4, "FreeDifferentSize", "0x1000"), (
            finding.GetProperty("line").GetInt32(), finding.GetProperty("class").GetInt32(), finding.GetProperty("error").GetString(), finding.GetProperty("address").GetString()));
        Assert.Equal(4096, finding.GetProperty("mapping").GetProperty("size").GetInt32());
        Assert.Equal(3, Assert.Single(root.GetProperty("badLines").EnumerateArray()).GetProperty("line").GetInt32());
        Assert.Equal(4096, Assert.Single(root.GetProperty("stillMapped").EnumerateArray()).GetProperty("bytes").GetInt32());
        Assert.Equal(2, root.GetProperty("events").GetProperty("dma_map_phys").GetInt32());
    }

    [Fact]
    public void AllListsEach_OtherwiseOneOfAKindIsCounted()
    {
        string text = string.Concat(Enumerable.Repeat(Map + UnmapShort, 3));
        Assert.Contains("(3 times)", Check(text).Output, StringComparison.Ordinal);
        Invocation run = Check(text, "--all");
        Assert.DoesNotContain("times)", run.Output, StringComparison.Ordinal);
        Assert.Equal(3, run.Output.Split("#4 ").Length - 1);
    }

    [Fact]
    public void StrictMakesLeaksAndStrangersMistakes()
    {
        Assert.Equal(ExitCode.Success, Check(Map).ExitCode);
        Assert.Equal(ExitCode.Success, Check(Unmap).ExitCode);
        Assert.Contains("LEAKED", Check(Map, "--strict").Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failure, Check(Map, "--strict").ExitCode);
        Assert.Equal(ExitCode.Failure, Check(Unmap, "--strict").ExitCode);
    }

    [Fact]
    public void R90c_ADriverIsFoundBySysfs()
    {
        string device = Directory.CreateDirectory(_folder.File("sys/bus/pci/devices/0000:03:00.0")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(device, "driver"), "../../../../bus/pci/drivers/nvme");
        Assert.Equal(ExitCode.Failure, Check(Map + UnmapShort, "--driver", "nvme", "--root", _folder.Path).ExitCode);
        Invocation run = Check(Map + UnmapShort, "--driver", "e1000e", "--root", _folder.Path);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("(known: nvme)", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a trace\nat all\n")]
    [InlineData("  a-1 [000] ..... 1.000001: sched_switch: a ==> b\n")]
    public void WhatIsNoTraceIsOneMessageAndExitCode2(string text)
    {
        Invocation run = Check(text);
        Assert.Equal((ExitCode.BadInput, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("physr trace check: ", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatCannotBeReadIsOneMessageAndExitCode2()
    {
        foreach (string[] args in new[] { new[] { _folder.File("missing") }, [_folder.Path], [_folder.Write("t", Map), "--root", _folder.File("missing")] })
        {
            Invocation run = Invocation.Of(["trace", "check", .. args]);
            Assert.Equal((ExitCode.BadInput, ""), (run.ExitCode, run.Output));
            Assert.StartsWith("physr trace check: ", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("physr trace: ", "trace")]
    [InlineData("physr trace check: ", "trace", "check")]
    [InlineData("physr trace check: ", "trace", "check", "x", "--output", "yaml")]
    public void AMistakeOfTheCommandLineNamesTheWholeVerb(string verb, params string[] args)
    {
        Invocation run = Invocation.Of(args);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.StartsWith(verb, run.ErrorLines[0], StringComparison.Ordinal);
        Assert.Equal($"See '{verb[..^2]} --help'.", run.ErrorLines[^1]);
    }

    [Fact]
    public void HelpShowsHowToRecord()
    {
        Assert.Contains("trace-cmd record -e dma", Invocation.Of("trace", "--help").Output, StringComparison.Ordinal);
        Assert.Contains("--strict", Invocation.Of("trace", "check", "--help").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ControlCharactersOfATraceDoNotReachTheTerminal()
    {
        string hostile = (Map + UnmapShort).Replace("0000:03:00.0", "\u001b[31mred", StringComparison.Ordinal);
        Invocation run = Check(hostile);
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.DoesNotContain('\u001b', run.Output);
    }

    [Fact]
    public void InterruptedIs130()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Equal(ExitCode.Interrupted, Invocation.Of(static (_, _, _, _) => throw new InvalidOperationException(), source.Token, "trace", "check", _folder.Write("t", Map)).ExitCode);
    }

    private Invocation Check(string text, params string[] options) => Invocation.Of(["trace", "check", _folder.Write("trace.txt", text), .. options]);
}
