// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;
using Physr.Storage.Crash;

namespace Physr.Storage.Tests.Crash;

/// <summary>The states the simulator shows are the reachable ones: no more, no fewer.</summary>
public sealed class CrashStatesTests
{
    [Fact]
    public void TwoLinesAndSixStores_ShowEveryReachableImageAndNoOther()
    {
        (StoreTrace trace, List<HashSet<string>> expected) = Record(128, [.. "s0 s8 s64 f0 s0 . s72 f1 s64 . s8".Split(' ')]);
        Assert.Equal(Union(expected), Union(Shown(trace, true)));
        Assert.Equal(Union(expected), Union(Shown(trace, false)));
    }

    [Fact]
    public void RandomTraces_ShowAtEachCutWhatTheOracleSays()
    {
        for (ulong seed = 1; seed <= 300; seed++)
        {
            SeededRandom random = new(seed);
            string[] steps = [.. Enumerable.Range(0, 12).Select(_ => random.Below(6) switch
            {
                0 => ".",
                1 => $"f{random.Below(3)}",
                _ => $"s{8 * random.Below(24)}",
            })];
            (StoreTrace trace, List<HashSet<string>> expected) = Record(192, steps, out List<long> counts);
            List<HashSet<string>> shown = Shown(trace, true);
            for (int cut = 0; cut < expected.Count; cut++)
            {
                Assert.True(expected[cut].SetEquals(shown[cut]), $"seed {seed}: {string.Join(' ', steps)}: cut {cut}");
            }

            Assert.True(Union(expected).SetEquals(Union(Shown(trace, false))), $"seed {seed}: {string.Join(' ', steps)}: without repeats");

            // Where some cuts have too many states, those of the others are shown there or before.
            HashSet<string> before = [];
            List<HashSet<string>> few = Shown(trace, false, 6);
            for (int cut = 0; cut < expected.Count; cut++)
            {
                before.UnionWith(few[cut]);
                Assert.True(few[cut].IsSubsetOf(expected[cut]), $"seed {seed}: {string.Join(' ', steps)}: cut {cut} shows what cannot be");
                Assert.True(counts[cut] > 6 || expected[cut].IsSubsetOf(before), $"seed {seed}: {string.Join(' ', steps)}: cut {cut} where others have too many");
            }
        }
    }

    [Fact]
    public void WithoutRepeats_EachImageIsStillShownUnderEachMark()
    {
        StoreTrace trace = new();
        TracedMedia medium = new("m", 128, trace);
        medium.TryWrite(0, Bytes(1));
        trace.Mark("one");
        medium.TryWrite(64, Bytes(2));
        Dictionary<int, HashSet<string>> shown = [];
        CrashReport report = CrashStates.Run(trace, (point, media) =>
        {
            (shown.TryGetValue(point.MarkCount, out HashSet<string>? at) ? at : shown[point.MarkCount] = []).Add(Image(media[0]));
            return null;
        });
        Assert.Equal(2, shown[0].Count);
        Assert.Equal(4, shown[1].Count);
        Assert.Equal(6, report.States);
        Assert.Equal(4, report.Cuts);
    }

    [Fact]
    public void TwoStoresToOneLine_NeverSurviveInTheWrongOrder()
    {
        StoreTrace trace = new();
        TracedMedia medium = new("m", 64, trace);
        medium.TryWrite(8, Bytes(1));
        medium.TryWrite(0, Bytes(2));
        CrashReport report = CrashStates.Run(trace, static (_, media) => At(media[0], 0) == 2 && At(media[0], 8) != 1 ? "out of order" : null);
        Assert.Null(report.Failure);

        StoreTrace two = new();
        TracedMedia other = new("m", 128, two);
        other.TryWrite(64, Bytes(1));
        other.TryWrite(0, Bytes(2));
        report = CrashStates.Run(two, static (_, media) => At(media[0], 0) == 2 && At(media[0], 64) != 1 ? "out of order" : null);
        Assert.StartsWith("out of order", report.Failure?.Message);
    }

    [Fact]
    public void AnAlignedUnitOfEightBytes_IsNeverTorn_ALongerStoreMayBe()
    {
        StoreTrace trace = new();
        TracedMedia medium = new("m", 64, trace);
        medium.TryWrite(16, [1, 1, 1, 1, 1, 1, 1, 1]);
        medium.TryWrite(19, [2, 2]);
        Assert.Equal(2, trace.Events.Count);
        HashSet<string> seen = [];
        CrashStates.Run(trace, (_, media) =>
        {
            seen.Add(Convert.ToHexString(media[0].ReadableAt(16, 8)));
            return null;
        });
        Assert.Equal(["0000000000000000", "0101010101010101", "0101010202010101"], seen.Order(StringComparer.Ordinal));

        StoreTrace longer = new();
        new TracedMedia("m", 64, longer).TryWrite(4, [3, 3, 3, 3, 3, 3, 3, 3]);
        Assert.Equal(2, longer.Events.Count);
        Assert.Equal(3, CrashStates.Run(longer, static (_, _) => null).States);
    }

    [Fact]
    public void WhereAStoreIsDurableAtOnce_ThereIsOnePrefixOfTheProgram()
    {
        StoreTrace trace = new();
        TracedMedia medium = new("m", 256, trace, PersistenceGranularity.Store);
        for (ulong i = 0; i < 4; i++)
        {
            medium.TryWrite(64 * i, Bytes(1));
        }

        HashSet<string> seen = [];
        CrashStates.Run(trace, (_, media) =>
        {
            seen.Add(string.Concat(Enumerable.Range(0, 4).Select(i => At(media[0], 64 * i))));
            return null;
        });
        Assert.Equal(["0000", "1000", "1100", "1110", "1111"], seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void WhereTheUnitIsAPage_AFlushCoversThePage()
    {
        StoreTrace trace = new();
        TracedMedia medium = new("m", 8192, trace, PersistenceGranularity.Page);
        medium.TryWrite(0, Bytes(1));
        medium.TryWrite(4088, Bytes(1));
        medium.TryWrite(4096, Bytes(1));
        medium.TryPersist(8, 8);
        trace.Mark("flushed");
        CrashReport report = CrashStates.Run(trace, static (point, media) => point.MarkCount == 1 && (At(media[0], 0) & At(media[0], 4088)) == 0 ? "lost" : null);
        Assert.Null(report.Failure);
        report = CrashStates.Run(trace, static (point, media) => point.MarkCount == 1 && At(media[0], 4096) == 0 ? "lost" : null);
        Assert.Equal("lost", report.Failure?.Message);
    }

    private static byte[] Bytes(ulong value) => BitConverter.GetBytes(value);

    private static ulong At(PersistentMemory medium, int offset) => BitConverter.ToUInt64(medium.ReadableAt((ulong)offset, 8));

    private static string Image(PersistentMemory medium) => Convert.ToHexString(medium.ReadableAt(0, medium.Length));

    private static HashSet<string> Union(IEnumerable<HashSet<string>> sets) => [.. sets.SelectMany(static set => set)];

    /// <summary>Plays steps (<c>s8</c> stores at 8, <c>f1</c> flushes line 1, <c>.</c> fences) to the simulator and to the oracle.</summary>
    private static (StoreTrace Trace, List<HashSet<string>> Expected) Record(int length, string[] steps) => Record(length, steps, out _);

    private static (StoreTrace Trace, List<HashSet<string>> Expected) Record(int length, string[] steps, out List<long> counts)
    {
        StoreTrace trace = new();
        TracedMedia medium = new("m", (ulong)length, trace);
        CrashOracle oracle = new(length);
        List<HashSet<string>> expected = [oracle.Images()];
        counts = [1];
        ulong value = 0;
        foreach (string step in steps)
        {
            int number = step.Length == 1 ? 0 : int.Parse(step[1..]);
            switch (step[0])
            {
                case 's':
                    oracle.Store(number, ++value);
                    medium.TryWrite((ulong)number, Bytes(value));
                    break;
                case 'f':
                    oracle.Flush(number);
                    medium.TryFlush(64 * (ulong)number, 64);
                    break;
                default:
                    oracle.Fence();
                    medium.TryFence();
                    break;
            }

            expected.Add(oracle.Images());
            counts.Add(oracle.StateCount());
        }

        Assert.Equal(steps.Length, trace.Events.Count);
        return (trace, expected);
    }

    private static List<HashSet<string>> Shown(StoreTrace trace, bool repeats, int most = int.MaxValue)
    {
        List<HashSet<string>> shown = [.. Enumerable.Range(0, trace.Events.Count + 1).Select(static _ => new HashSet<string>(StringComparer.Ordinal))];
        CrashReport report = CrashStates.Run(
            trace,
            (point, media) =>
            {
                shown[point.Cut].Add(Image(media[0]));
                return null;
            },
            new() { MostStates = most, ShowsKnownStates = repeats });
        Assert.True(most != int.MaxValue || report.Cuts == report.ExhaustiveCuts, "not every state was looked at");
        for (int cut = 1; repeats && cut < shown.Count; cut++)
        {
            if (trace.Events[cut - 1].Kind == TraceEventKind.Flush)
            {
                shown[cut].UnionWith(shown[cut - 1]);
            }
        }

        return shown;
    }
}
