// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Crash;
using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>The power goes at every store, flush and fence: what was acknowledged is there, and what was under way is there wholly or not at all.</summary>
public sealed class FileStoreCrashTests
{
    [Fact]
    public void NoCut_LosesWhatWasAcknowledged_OrTearsAnOperation()
    {
        long cuts = 0;
        int checkpoints = 0;
        for (ulong seed = 1; cuts < 100_000; seed++)
        {
            CrashWorkload work = new(seed, 300) { GoesOnEvery = 3001 };
            CrashReport report = CrashStates.Run(work.Trace, work.Check, new() { Seed = seed, MostStates = 24, Samples = 2, SamplesPerStore = 0 });
            Assert.True(report.Failure is null, $"workload {seed}: {report}");
            cuts += report.Cuts;
            checkpoints += work.Checkpoints;
        }

        Assert.True(checkpoints >= 5, $"only {checkpoints} checkpoints were made");
    }

    [Theory]
    [InlineData(PersistenceGranularity.Store)]
    [InlineData(PersistenceGranularity.Page)]
    public void NeitherDoesOne_WhereBytesBecomeDurableByOtherUnits(PersistenceGranularity granularity)
    {
        CrashWorkload work = new(99, 40, null, granularity);
        CrashReport report = CrashStates.Run(work.Trace, work.Check, new() { MostStates = 24, Samples = 2, SamplesPerStore = 0 });
        Assert.True(report.Failure is null, report.ToString());
    }

    [Fact]
    public void BytesWrittenForALaterSync_MayBeLostUntilIt_AndNotAfter()
    {
        StoreTrace trace = new();
        MediaDaxDevice device = new(new TracedMedia("pmem0", 128 << 10, trace), new(CrashWorkload.Base));
        FileStore.TryFormat(device, out _);
        FileStore.TryMount(device, out FileStore? store, out _);
        store!.TryCreate("a", out StoreFile? file);
        file!.TryWrite(0, Enumerable.Repeat((byte)1, 9000).ToArray());
        trace.Begin();
        Assert.Equal(Errno.None, file.TryWrite(100, Enumerable.Repeat((byte)2, 600).ToArray(), WriteDurability.AfterSync));

        // A new block, and a file that is longer, are durable at once all the same.
        Assert.Equal(Errno.None, file.TryWrite(20_000, [3], WriteDurability.AfterSync));
        trace.Mark("written");
        Assert.Equal(Errno.None, file.TrySync(0, 4096));
        trace.Mark("synced");
        int lost = 0;
        CrashReport report = CrashStates.Run(trace, (point, media) =>
        {
            Errno errno = FileStore.TryMount(new MediaDaxDevice(media[0], new(CrashWorkload.Base)), out FileStore? left, out string reason);
            left!.TryOpen("a", out StoreFile? found);
            byte[] read = new byte[700];
            found!.TryRead(0, read, out _);
            bool isLost = read.AsSpan(100, 600).ContainsAnyExcept((byte)2);
            lost += isLost && point.MarkCount == 1 ? 1 : 0;
            found.TryRead(20_000, read, out int count);
            return errno != Errno.None ? reason
                : isLost && point.MarkCount == 2 ? "lost what was synced"
                : point.MarkCount >= 1 && (count != 1 || read[0] != 3) ? "lost a new block" : null;
        });
        Assert.True(report.Failure is null, report.ToString());
        Assert.True(lost > 0, "nothing was lost before the sync");
    }

    [Theory]
    [InlineData(nameof(BuggyDevice.Bug.None), null)]
    [InlineData(nameof(BuggyDevice.Bug.NoDataFlush), "differs at byte")]
    [InlineData(nameof(BuggyDevice.Bug.NoFenceBeforeRecord), "differs at byte")]
    [InlineData(nameof(BuggyDevice.Bug.NoRecordFlush), "")]
    [InlineData(nameof(BuggyDevice.Bug.NoRecordFence), "")]
    [InlineData(nameof(BuggyDevice.Bug.NoFenceBeforeStateWord), "")]
    [InlineData(nameof(BuggyDevice.Bug.NoStateWordFlush), "")]
    public void AForgottenFlushOrFence_IsFound(string bug, string? expected)
    {
        CrashWorkload work = new(5, 200, device => new BuggyDevice(device, Enum.Parse<BuggyDevice.Bug>(bug), CrashWorkload.AreaBytes));
        CrashReport report = CrashStates.Run(work.Trace, work.Check, new() { MostStates = 24, Samples = 8, SamplesPerStore = 0, Stride = 20 });
        Assert.True(work.Checkpoints >= 1, "no checkpoint was made");
        Assert.True(expected is null == report.Failure is null, report.ToString());
        Assert.Contains(expected ?? "", report.Failure?.Message ?? "", StringComparison.Ordinal);
        if (report.Failure is { } failure)
        {
            Assert.Equal(failure.Message, CrashStates.Replay(work.Trace, failure, work.Check));
        }
    }
}
