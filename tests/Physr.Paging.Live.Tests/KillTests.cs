// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Globalization;
using Physr.Paging.Engine;
using Physr.Paging.Rigged;
using Physr.Paging.Stores;
using Physr.Paging.Victim;
using Xunit.Abstractions;

namespace Physr.Paging.Live.Tests;

/// <summary>Pagers die by SIGKILL, one by one and all at once, wherever they are: no byte differs, and whoever waited goes on.</summary>
/// <remarks>PHYSR_PAGER_KILLS sets how many, PHYSR_PAGING_SEED where seeds start.</remarks>
public sealed class KillTests(ITestOutputHelper output)
{
    private const ulong Length = 64 * 4096;

    private static readonly int s_kills = int.TryParse(Environment.GetEnvironmentVariable("PHYSR_PAGER_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 500;
    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable("PHYSR_PAGING_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : 1;

    [SkippableFact]
    public void PagersAreKilledUnderLoad_FiveHundredOfThem_AndNoByteDiffers()
    {
        LiveSystem.Require();
        using TemporaryFolder folder = new();

        // Each kill strikes four regions of two programs. The one that kills came last, and is served last: when it sees who serves, the other has been served.
        using Victim other = Victim.Start("load", "stores=zstd,file", $"file={folder.File("pages")}", $"seed={s_seed + 1}", "pages=256", "budget=48");
        string path = other.WaitForLine("socket ").Split(' ')[1];
        using Victim killer = Victim.Start("load", "stores=memory,lz4", $"seed={s_seed}", $"connect={path}", $"kills={s_kills}", "delay=12", "pages=256", "budget=48");
        for (int kills = LoadVerb.KillsToTell; kills < s_kills - LoadVerb.KillsToTell; kills += LoadVerb.KillsToTell)
        {
            // However slow the machine: only who makes no progress hangs.
            killer.WaitForLine($"dead {kills}");
        }

        killer.WaitForLine("killed ");
        other.End();
        string[] last = [other.Finish()[^1], killer.Finish()[^1]];
        output.WriteLine($"seed {s_seed}\n{string.Join('\n', last)}");
        Assert.All(last, static line => Assert.StartsWith("right ", line, StringComparison.Ordinal));
        Assert.Equal($"right kills {s_kills} ", string.Join(' ', last[1].Split(' ')[..3]) + " ");
    }

    [SkippableFact]
    public void ProgramsComeAndGoWhilePagersDie_AndEachIsServed()
    {
        LiveSystem.Require();
        const ulong length = 16 * 4096;
        using Victim killer = Victim.Start("load", "stores=memory", $"seed={s_seed}", $"kills={s_kills / 10}", "delay=80", "pages=64", "budget=16");
        string path = killer.WaitForLine("socket ").Split(' ')[1];
        int rounds = 0;
        TimeSpan longest = default;
        for (; !Array.Exists(killer.Lines, static line => line.StartsWith("killed ", StringComparison.Ordinal)); rounds++)
        {
            long start = Stopwatch.GetTimestamp();
            Errno errno = PagerHost.TryConnect(path, out PagerHost? pager, out string reason);
            if (errno != Errno.None && killer.WaitForEnd(TimeSpan.FromSeconds(10)) is not null)
            {
                break; // it had said its last, and taken its socket with it
            }

            Assert.Equal((Errno.None, ""), (errno, reason));
            using (pager)
            {
                using DevicePrivateRegion region = DevicePrivateRegion.Create(length, RegionStore.Memory(length), 4 * 4096, new() { Pager = pager });
                Shadow shadow = new(region, s_seed + rounds);
                shadow.Work(10);
                shadow.Check();
            }

            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, Stopwatch.GetElapsedTime(start).Ticks));
        }

        Assert.StartsWith("right ", killer.Finish()[^1], StringComparison.Ordinal);
        output.WriteLine($"seed {s_seed}: {rounds} came and went, the longest took {longest.TotalMilliseconds:F0} ms");
    }

    [SkippableFact]
    public void KilledAtEachStepOfFillWriteEvictAndPersist_TheNextPagerLosesNothing()
    {
        LiveSystem.Require();
        using TemporaryFolder folder = new();
        string log = folder.File("dead");
        PagerStep[] steps = [.. Enum.GetValues<PagerStep>()];
        (PagerStep Step, int Nth)[] plan = [.. ((int[])[1, 4, 13]).SelectMany(nth => steps.Select(step => (step, nth)))];
        using PagerHost pager = PagerHost.Start(new()
        {
            PagerPath = Path.Combine(AppContext.BaseDirectory, "Physr.Paging.Rigged.dll"),
            Environment = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["DOTNET_EnableDiagnostics"] = "0",
                [KillPlan.PlanVariable] = string.Join(',', plan.Select(static entry => $"{entry.Step}:{entry.Nth}")),
                [KillPlan.LogVariable] = log,
            },
        });
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Lz4(Length), 12 * 4096, new() { Pager = pager });
        using ShadowWork work = new(region, threads: 2, s_seed, Touches.Random, burst: 3);
        work.Start();
        int Dead() => File.Exists(log) ? (int)new FileInfo(log).Length : 0;
        for (int dead = 0; dead < plan.Length && work.Failure is null; dead = Dead())
        {
            int before = dead;
            PagerLine.WaitFor(
                () =>
                {
                    // Threads that touch see to the other steps.
                    region.Persist();
                    return Dead() != before || work.Failure is not null;
                },
                $"nobody died at {plan[before]}");
        }

        work.Stop();
        Assert.Null(work.Check());
        Assert.Equal(plan.Select(static entry => entry.Step), File.ReadAllBytes(log).Select(static step => (PagerStep)step));
        Assert.Equal(RegionHealth.Healthy, region.Health);
        output.WriteLine($"seed {s_seed}: {plan.Length} died, {region.Statistics.Takeovers} took over, longest {work.Longest.TotalMilliseconds:F0} ms");
    }

    [SkippableFact]
    public void TheOneThatWaitsDies_AndAnotherTakesItsPlace_BeforeTheFirstDies()
    {
        using Line line = new(s_seed);
        for (int round = 0; round < 3; round++)
        {
            int first = line.Serving;
            int waiting = PagerLine.WaitForStandby(first);
            PagerLine.Kill(waiting);
            PagerLine.WaitForStandby(first, waiting);
            Assert.Equal(first, line.Serving);
            line.GoOn();
            PagerLine.Kill(first);
            line.GoOn();
            Assert.NotEqual(first, line.Serving);
        }

        line.End();
        Assert.Equal(3, line.Region.Statistics.Takeovers);
    }

    [SkippableFact]
    public void TheOneThatTakesOverDiesOverIt_SoonerOrLater()
    {
        using Line line = new(s_seed);
        Random random = new(s_seed);
        for (int round = 0; round < 8; round++)
        {
            int first = line.Serving;
            int next = PagerLine.WaitForStandby(first);
            PagerLine.Kill(first);
            Thread.Sleep(random.Next(40));
            PagerLine.Kill(next);
            line.GoOn();
        }

        line.End();
    }

    [SkippableFact]
    public void AllPagersDieAtOnce_AndTheApplicationStartsOthers()
    {
        using Line line = new(s_seed);
        for (int round = 0; round < 3; round++)
        {
            int first = line.Serving;
            PagerLine.Kill(PagerLine.WaitForStandby(first));
            PagerLine.Kill(first);
            line.GoOn();
            line.Region.Persist();
        }

        line.End();
        Assert.True(line.Pager.Restarts >= 3);
    }

    [SkippableFact]
    public void ARequestThatWasUnderWayIsAskedAgain()
    {
        using Line line = new(s_seed);
        for (int round = 0; round < 3; round++)
        {
            int first = line.Serving;
            PagerLine.WaitForStandby(first);
            Task<ulong> evicted = Task.Run(() => line.Region.Evict(0, Length));
            Task persisted = Task.Run(line.Region.Persist);
            PagerLine.Kill(first);
            persisted.Wait();
            Assert.InRange(evicted.Result, 0ul, Length);
            DevicePrivateRegion second = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 4096, new() { Pager = line.Pager });
            line.GoOn();
            second.Dispose();
        }

        line.End();
    }

    /// <summary>A pager, a region, and threads that work on it.</summary>
    private sealed class Line : IDisposable
    {
        private readonly ShadowWork _work;

        public Line(int seed)
        {
            LiveSystem.Require();
            Pager = PagerHost.Start(new() { Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["DOTNET_EnableDiagnostics"] = "0" } });
            Region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = Pager });
            _work = new(Region, threads: 2, seed, Touches.Random, burst: 3);
            _work.Start();
        }

        public PagerHost Pager { get; }

        public DevicePrivateRegion Region { get; }

        public int Serving => Region.Control.PagerId;

        /// <summary>Waits until each thread has gone on, and a line of pagers is in reserve again: without one, what dies next may be what a collection in this process waits for.</summary>
        public void GoOn()
        {
            long[] before = [.. _work.Steps];
            PagerLine.WaitFor(() => _work.Failure is not null || _work.Steps.Zip(before).All(static pair => pair.First > pair.Second + 20), "a thread still waits");
            PagerLine.WaitFor(() => _work.Failure is not null || (Pager.ProcessId == Serving && Pager.ReserveProcess is not null), "nothing is in reserve");
            Assert.Null(_work.Failure);
        }

        public void End()
        {
            _work.Stop();
            Assert.Null(_work.Check());
            Assert.Equal(RegionHealth.Healthy, Region.Health);
        }

        public void Dispose()
        {
            Region.Dispose();
            Pager.Dispose();
        }
    }
}
