// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using System.Text.Json;
using Physr.Cli.Page;
using Physr.Cli.Tests.Infrastructure;
using Physr.Linux.Interop;
using Physr.Linux.Tests.Infrastructure;

namespace Physr.Cli.Tests.Page;

/// <summary><c>physr page bench</c>: real page faults, served by a real pager.</summary>
public sealed class PageBenchTests
{
    private static readonly string[] s_small = ["page", "bench", "--size", "2MiB", "--resident", "256KiB", "--seconds", "0.2"];

    [SkippableTheory]
    [InlineData("--store memory --pattern random --threads 2 --write-ratio 0.5")]
    [InlineData("--store zstd --pattern zipf --lease")]
    public void EveryPageHoldsWhatWasWritten_AndTheNumbersSayWhatHappened(string line)
    {
        PageFaults.Need();
        JsonElement root = default;
        for (int seconds = 1; seconds <= 64 && (seconds == 1 || root.GetProperty("evictions").GetInt64() == 0); seconds *= 4)
        {
            // A machine that is busy elsewhere may need longer until the fifth page is touched.
            Invocation run = Invocation.Of(["page", "bench", "--size", "2MiB", "--resident", "16KiB", "--seconds", $"{seconds / 5.0}", .. line.Split(' '), "--output", "json"]);
            Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Error));
            using JsonDocument document = JsonDocument.Parse(run.Output);
            root = document.RootElement.Clone();
        }

        Assert.Equal(
            ["verified", "faults", "evictions", "bytesIn", "bytesOut", "p50Us", "p99Us", "maxUs", "faultsPerSecond", "gcCount", "pagerRestarts"],
            root.EnumerateObject().Select(static each => each.Name));
        Assert.True(root.GetProperty("verified").GetBoolean());
        Assert.All((string[])["faults", "evictions", "bytesIn", "p50Us", "faultsPerSecond"], name => Assert.True(root.GetProperty(name).GetDouble() > 0, name));
        Assert.InRange(root.GetProperty("p99Us").GetDouble(), root.GetProperty("p50Us").GetDouble(), root.GetProperty("maxUs").GetDouble());
        Assert.True(root.GetProperty("gcCount").GetInt32() >= 0);
        Assert.Equal(0, root.GetProperty("pagerRestarts").GetInt32());
    }

    [SkippableFact]
    public void ThePagerIsKilledAgainAndAgain_AndNothingIsLost()
    {
        PageFaults.Need();

        // Under leases: where a pager dies before the next one stands ready, this process has to start another, and threads within a page fault would keep the collections of other tests waiting.
        Invocation run = Invocation.Of([.. s_small[..^1], "2", "--kill-pager-every", "300", "--write-ratio", "1", "--lease"]);
        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Error));
        Assert.Matches("pagers +[1-9][0-9]* killed, [1-9][0-9]* went on in another's place", run.Output);
        Assert.Contains("random, 1 thread, leases; verified", run.Output, StringComparison.Ordinal);
        Assert.Contains("none wrong", run.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task AStopEndsItEarly_AndItVerifiesAllTheSame()
    {
        PageFaults.Need();
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(300));
        Invocation run = await Task.Run(() => Invocation.Of(static (_, _, _, _) => Reports.Good(), stop.Token, [.. s_small[..^1], "100000"]));
        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Error));
        Assert.Contains("; verified", run.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task BytesThatAreNotThoseWrittenAreFound()
    {
        PageFaults.Need();
        using TemporaryFolder folder = new();
        string path = folder.File("store");
        Task<Invocation> running = Task.Run(() => Invocation.Of([.. s_small[..^1], "1", "--write-ratio", "1", "--store", $"file:{path}"]));
        byte[] foreign = Enumerable.Repeat((byte)0xee, 2 << 20).ToArray();
        while (!running.IsCompleted)
        {
            if (File.Exists(path) && new FileInfo(path).Length == foreign.Length)
            {
                await using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                file.Write(foreign);
            }

            await Task.Delay(20);
        }

        Invocation run = await running;
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("NOT VERIFIED", run.Output, StringComparison.Ordinal);
        Assert.All(run.ErrorLines, static line => Assert.StartsWith("physr page bench: page ", line, StringComparison.Ordinal));
        Assert.Contains("0xeeeeeeeeeeeeeeee instead of", run.Error, StringComparison.Ordinal);
        Assert.Empty(folder.Files);
    }

    [SkippableFact]
    public void AFileThatIsThereIsRefused_OrOverwrittenWhereThatIsAskedFor_AndStays()
    {
        PageFaults.Need();
        using TemporaryFolder folder = new();
        string path = folder.Write("mine", new string('x', 3 << 20));
        Invocation refused = Invocation.Of([.. s_small, "--store", $"file:{path}"]);
        Assert.Equal((ExitCode.BadInput, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("is there already", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(new string('x', 3 << 20), File.ReadAllText(path));

        Invocation run = Invocation.Of([.. s_small, "--store", $"file:{path}", "--overwrite", "--pattern", "sequential"]);
        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Error));
        string left = File.ReadAllText(path);
        Assert.Equal(new string('x', 1 << 20), left[^(1 << 20)..]);
        Assert.NotEqual('x', left[0]);
    }

    [SkippableFact]
    public void WhatCannotBeAStoreIsRefused_AndNothingIsMadeOrLost()
    {
        PageFaults.Need();
        using TemporaryFolder folder = new();
        string shorter = folder.Write("short", "mine");
        foreach ((string path, string part) in ((string, string)[])[(folder.Path, "it is a folder"), (shorter, "it has 4 bytes"), (folder.File("none/such"), "cannot be made")])
        {
            Invocation run = Invocation.Of([.. s_small, "--store", $"file:{path}", "--overwrite"]);
            Assert.Equal((ExitCode.BadInput, ""), (run.ExitCode, run.Output));
            Assert.Contains(part, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        }

        Assert.Equal("mine", File.ReadAllText(shorter));
        Assert.Equal(["short"], folder.Files);
    }

    [Theory]
    [InlineData("--size 0 --resident 4KiB", "--size '0' is less than a page; 4KiB is the least")]
    [InlineData("--size 5000 --resident 4KiB", "4KiB or 8KiB would be right")]
    [InlineData("--size 9TiB --resident 4KiB", "8TiB is the most")]
    [InlineData("--size 1GB --resident 4KiB", "1GiB")]
    [InlineData("--size 1MiB --resident 4095", "--resident '4095' is less than a page")]
    [InlineData("--size 1MiB", "--resident is missing")]
    [InlineData("--resident 1MiB", "--size is missing")]
    [InlineData("--size 1MiB --resident 4KiB --store tape", "--store 'tape' is none of memory, file:PATH, lz4, zstd")]
    [InlineData("--size 1MiB --resident 4KiB --store file:", "is none of")]
    [InlineData("--size 1MiB --resident 4KiB --pattern zigzag", "sequential, random, zipf")]
    [InlineData("--size 1MiB --resident 4KiB --threads 0", "give 1 or more")]
    [InlineData("--size 1MiB --resident 4KiB --threads many", "--threads 'many'")]
    [InlineData("--size 1MiB --resident 4KiB --threads 257", "give 256 threads at the most")]
    [InlineData("--size 1MiB --resident 4KiB --threads 2 --lease", "give 8KiB or more")]
    [InlineData("--size 1MiB --resident 4KiB --seconds 0", "--seconds '0'")]
    [InlineData("--size 1MiB --resident 4KiB --seconds Infinity", "--seconds 'Infinity'")]
    [InlineData("--size 1MiB --resident 4KiB --write-ratio 1.1", "from 0 (reads alone) to 1 (writes alone)")]
    [InlineData("--size 1MiB --resident 4KiB --write-ratio=-0.1", "--write-ratio '-0.1'")]
    [InlineData("--size 1MiB --resident 4KiB --write-ratio NaN", "--write-ratio 'NaN'")]
    [InlineData("--size 1MiB --resident 4KiB --kill-pager-every 0", "whole milliseconds, 1 or more")]
    [InlineData("--size 1MiB --resident 4KiB --seed -1", "--seed '-1'")]
    public void BadInputIsOneMessage(string line, string part)
    {
        Invocation run = Invocation.Of(["page", "bench", .. line.Split(' ')]);
        Assert.Equal((ExitCode.BadInput, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("physr page bench: ", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.Contains(part, run.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void WhereUserfaultfdIsRefusedItSaysWhatToSet()
    {
        PageFaults.Need();
        StringWriter output = new();
        StringWriter error = new();
        int code = OwnThread.Run(() =>
        {
            OwnThread.BecomeNobody();
            OwnThread.Forbid(SystemCall.SYS_userfaultfd);
            return new PageBenchVerb(new(output, error)).Execute(Words(), default);
        });
        Skip.If(code == ExitCode.Success, "every user may open /dev/userfaultfd here");
        Assert.Equal((ExitCode.BadInput, ""), (code, output.ToString()));
        Assert.Contains("vm.unprivileged_userfaultfd=1", Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public void AMomentIsShownInFiveLines()
    {
        AccessTimes times = new();
        times.Note(50_000);
        string[] lines = [.. PageBenchDisplay.Lines(new(IsChecking: false, 0.5, 12_345, times, 16 << 20, 7, 1))];
        Assert.Equal("running   [############............]  50 %", lines[0]);
        Assert.Equal("faults    12.3 k/s", lines[1]);
        Assert.Equal("latency   p50 50 us   p99 50 us   max so far 50 us", lines[2]);
        Assert.Equal(["resident  16 MiB", "evictions 7   pager restarts 1"], lines[3..]);
    }

    private static PageBenchWords Words() => new()
    {
        Size = "2MiB", Resident = "256KiB", Store = "memory", Pattern = "random", Threads = "1", Seconds = 0.1.ToString(CultureInfo.InvariantCulture), WriteRatio = "0.5", KillEvery = null,
        Seed = "1", Leases = false, Overwrites = false, IsJson = false,
    };
}
