// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Paging.Stores;

namespace Physr.Paging.Victim;

/// <summary>Works on regions until all pagers that were to be killed are dead, or until its input ends. Prints where others may connect, and how it went.</summary>
internal static class LoadVerb
{
    /// <summary>After so many kills it says that they are done.</summary>
    public const int KillsToTell = 50;

    public static int Run(Arguments given)
    {
        ulong length = (ulong)given.Number("pages", 512) * 4096;
        ulong budget = (ulong)given.Number("budget", 64) * 4096;
        int seed = (int)given.Number("seed", 1);
        string[] kinds = given.Text("stores", "memory").Split(',');
        using PagerHost pager = given.Pager();
        List<DevicePrivateRegion> regions = [];
        List<ShadowWork> works = [];
        foreach (string kind in kinds)
        {
            RegionStore store = Arguments.Store(kind, length, given.Text("file"));
            DevicePrivateRegion region = DevicePrivateRegion.Create(length, store, budget, new() { Pager = pager, Name = kind });
            regions.Add(region);
            works.Add(new(region, (int)given.Number("threads", 1), seed + (regions.Count * 1000), (Touches)(regions.Count % 3), (int)given.Number("burst", 4)));
        }

        Console.WriteLine($"socket {pager.SocketPath}");
        works.ForEach(static work => work.Start());
        Task ended = Task.Run(static () => Console.In.ReadToEnd());
        long start = Stopwatch.GetTimestamp();
        int kills = (int)given.Number("kills");
        using (PagerKiller killer = new([.. regions], seed, kills, (int)given.Number("delay", 5)))
        {
            for (int told = 0; !ended.IsCompleted && works.TrueForAll(static work => work.Failure is null) && (kills == 0 || !killer.IsDone); Thread.Sleep(20))
            {
                for (; told + KillsToTell <= killer.Kills; told += KillsToTell)
                {
                    Console.WriteLine($"dead {told + KillsToTell}");
                }
            }

            kills = killer.Kills;
        }

        // Others that work on the same pager come to an end first.
        Console.WriteLine($"killed {kills}");
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        // Every thread goes on once more, now that nobody is killed: who was not woken is found out.
        long[] before = [.. works.SelectMany(static work => work.Steps)];
        while (works.TrueForAll(static work => work.Failure is null) && works.SelectMany(static work => work.Steps).Zip(before).Any(static pair => pair.First <= pair.Second))
        {
            Thread.Sleep(1);
        }

        works.ForEach(static work => work.Stop());
        string? failure = null;
        works.ForEach(work => failure ??= work.Check());
        Console.WriteLine(failure is null ? $"right kills {kills} operations {works.Sum(static work => work.Operations)} takeovers {string.Join(',', regions.Select(static region => region.Statistics.Takeovers))}"
            + $" restarts {pager.Restarts} faults {regions.Sum(static region => region.Statistics.Faults)} evictions {regions.Sum(static region => region.Statistics.Evictions)}"
            + $" health {string.Join(',', regions.Select(static region => region.Health))} seconds {seconds:F1} longest {works.Max(static work => work.Longest).TotalMilliseconds:F0} ms" : $"wrong {failure}");
        works.ForEach(static work => work.Dispose());
        regions.ForEach(static region => region.Dispose());
        return failure is null ? 0 : 1;
    }
}
