// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Btt;
using Physr.Storage.Crash;
using static Physr.Storage.Tests.Btt.BttMedia;

namespace Physr.Storage.Tests.Btt;

/// <summary>The power goes at every store: each sector is wholly old or wholly new, and what was acknowledged is there.</summary>
public sealed class BttCrashTests
{
    private const int Used = 6;

    [Theory]
    [InlineData(512, 1)]
    [InlineData(512, 2)]
    [InlineData(4096, 3)]
    public void EverySectorIsOldOrNew_AndAcknowledgedWritesAreThere(uint sector, ulong seed)
    {
        (StoreTrace trace, BttDevice device, _) = Begin(sector, static medium => medium);
        Play(trace, device, seed, sector == 512 ? 12 : 4);
        CrashReport report = CrashStates.Run(trace, Check(trace), Options(sector, seed));
        Assert.True(report.Failure is null, report.ToString());
        Assert.True(report.States > 500, report.ToString());
    }

    [Fact]
    public void RecoveryThatIsCutRecoversToo()
    {
        (StoreTrace trace, BttDevice device, _) = Begin(512, static medium => medium);
        Play(trace, device, 7, 4);
        CrashReport report = CrashStates.Run(trace, Check(trace), Options(512, 7) with { NestEvery = 5, Stride = 8 });
        Assert.True(report.Failure is null, report.ToString());
        Assert.True(report.NestedStates > 0, report.ToString());
    }

    [Fact]
    public void AMapThatIsWrittenBeforeTheDataIsDurableIsCaught()
    {
        (StoreTrace trace, BttDevice device, BttLayout layout) = Begin(512, static medium => new FilteredMedia(medium) { ForgetsFlush = (offset, _) => offset >= 4096 && offset < Info(medium).Layout.MapOffset });
        Play(trace, device, 1, 3);
        CrashReport report = CrashStates.Run(trace, Check(trace), Options(512, 1));
        Assert.NotNull(report.Failure);
        Assert.True(layout.Blocks > 0);
    }

    [Fact]
    public void AFlogThatIsSkippedIsCaught()
    {
        (StoreTrace trace, BttDevice device, _) = Begin(512, static medium => new FilteredMedia(medium) { ForgetsStore = (offset, _) => IsFlog(medium, offset) });
        Play(trace, device, 1, 6);
        CrashReport report = CrashStates.Run(trace, Check(trace), Options(512, 1));
        Assert.NotNull(report.Failure);
    }

    [Fact]
    public void AFlogThatIsNotDurableBeforeTheMapIsCaught()
    {
        (StoreTrace trace, BttDevice device, _) = Begin(512, static medium => new FilteredMedia(medium) { ForgetsFlush = (offset, _) => IsFlog(medium, offset) });
        Play(trace, device, 1, 6);
        CrashReport report = CrashStates.Run(trace, Check(trace), Options(512, 1));
        Assert.NotNull(report.Failure);
    }

    [Fact]
    public void ZeroingIsOldOrNewToo()
    {
        (StoreTrace trace, BttDevice device, _) = Begin(512, static medium => medium);
        ulong[] values = new ulong[Used];
        Write(trace, device, values, 2, 77);
        trace.Mark(new Promise([.. values], 2, 0));
        Assert.Equal(Errno.None, device.TryZero(2));
        values[2] = 0;
        trace.Mark(new Promise([.. values], -1, 0));
        Write(trace, device, values, 2, 78);
        CrashReport report = CrashStates.Run(trace, Check(trace), Options(512, 1));
        Assert.True(report.Failure is null, report.ToString());
    }

    [Fact]
    public void AFormatThatIsCutLeavesNoTableOrAWholeOne()
    {
        StoreTrace trace = new();
        byte[] garbage = new byte[16 * MiB];
        new Random(3).NextBytes(garbage.AsSpan((int)(15 * MiB)));
        TracedMedia medium = new("pmem", garbage, trace);
        trace.Begin();
        Make(medium);
        CrashReport report = CrashStates.Run(
            trace,
            static (_, media) =>
            {
                if (BttDevice.TryOpen(media[0], default, out BttDevice? _, out string reason) != Errno.None)
                {
                    return reason.Contains("BTT_ARENA_INFO", StringComparison.Ordinal) || reason.Contains("checksum", StringComparison.Ordinal) ? null : reason;
                }

                string? wrong = BttCheck.Run(media[0]).Problems.FirstOrDefault(static problem => !problem.Contains("its copy stands in", StringComparison.Ordinal));
                return wrong is null ? null : $"a table that is not whole: {wrong}";
            },
            new() { MostStates = 8, Samples = 2, Stride = 40 });
        Assert.True(report.Failure is null, report.ToString());
    }

    private static bool IsFlog(PersistentMemory medium, ulong offset) => Info(medium).Layout is var layout && offset >= layout.FlogOffset && offset < layout.CopyOffset;

    private static CrashOptions Options(uint sector, ulong seed) => new() { Seed = seed, MostStates = 24, Samples = 6, Stride = sector == 512 ? 3 : 16 };

    private static (StoreTrace Trace, BttDevice Device, BttLayout Layout) Begin(uint sector, Func<PersistentMemory, PersistentMemory> wrap)
    {
        StoreTrace trace = new();
        TracedMedia medium = new("pmem", 16 * MiB, trace);
        Make(medium, new() { SectorBytes = sector });
        BttDevice device = Open(wrap(medium));
        trace.Begin();
        trace.Mark(new Promise(new ulong[Used], -1, 0));
        return (trace, device, Info(medium).Layout);
    }

    /// <summary>Writes, and some openings between them, so that the free blocks wander.</summary>
    private static void Play(StoreTrace trace, BttDevice device, ulong seed, int writes)
    {
        Random random = new((int)seed);
        ulong[] values = new ulong[Used];
        for (int i = 0; i < writes; i++)
        {
            Write(trace, device, values, random.Next(Used), ((ulong)(i + 1) << 32) | (uint)random.Next());
        }
    }

    private static void Write(StoreTrace trace, BttDevice device, ulong[] values, int sector, ulong value)
    {
        trace.Mark(new Promise([.. values], sector, value));
        Assert.Equal(Errno.None, device.TryWrite((ulong)sector, Sector(device, value)));
        values[sector] = value;
        trace.Mark(new Promise([.. values], -1, 0));
    }

    private static CrashCheck Check(StoreTrace trace) => (point, media) =>
    {
        Promise promise = point.LastMark as Promise ?? (Promise)trace.Marks[0];
        Errno errno = BttDevice.TryOpen(media[0], default, out BttDevice? device, out string reason);
        if (errno != Errno.None)
        {
            return reason;
        }

        // A free block that is somebody's would be overwritten by the next writes.
        for (ulong i = 0; i < 3; i++)
        {
            errno = device!.TryWrite(Used, Sector(device, ulong.MaxValue - i));
            if (errno != Errno.None)
            {
                return $"a write after recovery: {errno}";
            }
        }

        Span<byte> seen = stackalloc byte[(int)device!.SectorBytes];
        for (int sector = 0; sector < Used; sector++)
        {
            errno = device.TryRead((ulong)sector, seen);
            ulong? value = errno == Errno.None ? ValueOf(seen) : null;
            bool isRight = value is { } whole && (whole == promise.Values[sector] || (sector == promise.Sector && whole == promise.Value));
            if (!isRight)
            {
                return $"sector {sector} is {(value is null ? "torn" : $"{value:x}")} ({errno}); {promise.Values[sector]:x} was acknowledged";
            }
        }

        if (point.Cut % 37 != 0)
        {
            return null;
        }

        BttReport report = BttCheck.Run(media[0]);
        return report.IsClean && report.Unfinished == 0 ? null : $"after recovery: {string.Join("; ", report.Problems)}";
    };

    /// <summary>What was acknowledged, and which sector is being written with what.</summary>
    private sealed record Promise(ulong[] Values, int Sector, ulong Value);
}
