// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Checking;
using Physr.Dma.Sharing;
using Physr.Dma.Sharing.Protocol;
using Physr.Dma.Tests.Sharing;

namespace Physr.Dma.Tests.Checking;

/// <summary>What runs on threads is what was proved: traces of real buffers under random schedules follow the protocol step by step.</summary>
public sealed class RevocableReplayTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void R69_RandomSchedulesOnRealThreadsFollowTheProtocol(int seed)
    {
        // Whether an importer unmaps by itself in the middle of a revoke is up to the threads: as many schedules as it takes, each followed step by step.
        bool metRevoke = false;
        for (int schedule = 0; !metRevoke; schedule++)
        {
            Assert.True(schedule < 200, $"seed {seed}: in no schedule did an unmap meet a revoke");
            List<RevocableTraceEntry> trace = Storm((schedule * 1000) + seed, RevocableRules.Shipped);
            RevocableReplay replay = new(default);
            foreach (RevocableTraceEntry entry in trace)
            {
                string? wrong = replay.Follow(entry);
                Assert.True(wrong is null, $"seed {seed}, schedule {schedule}: {wrong}");
            }

            Assert.Null(replay.End());
            Assert.True(replay.Steps > 1_000 && replay.Operations > 200, $"only {replay.Steps} steps, {replay.Operations} operations");
            Assert.Contains(trace, static entry => entry.Operation == RevocableOperation.Close);
            metRevoke = trace.Exists(static entry => entry is { Operation: RevocableOperation.Unmap, Step: RevocableStep.UncountMapping, After.Phase: RevocablePhase.Revoking });
        }
    }

    [Fact]
    public void R69_ATraceOfOtherRulesIsNotFollowed()
    {
        // A revoke that forgets its fences: nothing in the trace is wrong by itself but the step that is not there.
        List<RevocableTraceEntry> trace = Storm(4, Mutant.Without(RevocableOperation.Revoke, RevocableStep.AwaitFences));
        RevocableReplay replay = new(default);
        string? wrong = trace.Select(replay.Follow).FirstOrDefault(static answer => answer is not null);
        Assert.NotNull(wrong);
        Assert.EndsWith("comes next", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public void R69_EachLawOfTheTraceIsHeld()
    {
        RevocableState mapped = new(RevocablePhase.Usable, false, 1);
        Assert.EndsWith("it does not hold the reservation lock", First(new(1, RevocableOperation.Map, RevocableStep.RefuseUnlessUsable, -1, default)), StringComparison.Ordinal);
        Assert.EndsWith("it does not hold the reservation lock", First(new(1, RevocableOperation.None, RevocableStep.AddFence, -1, default)), StringComparison.Ordinal);
        Assert.EndsWith("no fence is pending", First(new(1, RevocableOperation.None, RevocableStep.SignalFence, -1, default)), StringComparison.Ordinal);
        Assert.EndsWith("TakeControl comes next", First(new(1, RevocableOperation.Revoke, RevocableStep.ForbidMapping, -1, default)), StringComparison.Ordinal);
        Assert.EndsWith("the state should be (Usable, 0 mapped)", First(new(1, RevocableOperation.Revoke, RevocableStep.TakeControl, -1, mapped)), StringComparison.Ordinal);
        RevocableReplay replay = new(default);
        Assert.Null(replay.Follow(new(1, RevocableOperation.None, RevocableStep.TakeReservation, -1, default)));
        Assert.EndsWith("thread 1 holds the lock", replay.Follow(new(2, RevocableOperation.None, RevocableStep.TakeReservation, -1, default)), StringComparison.Ordinal);
        Assert.Equal("a lock is held", replay.End());
    }

    private static string First(RevocableTraceEntry entry) => new RevocableReplay(default).Follow(entry)!;

    /// <summary>Three importers on threads of their own, two of them with transfers in flight, against two that revoke, un-revoke and at last close.</summary>
    private static List<RevocableTraceEntry> Storm(int seed, RevocableRules rules)
    {
        const int Rounds = 150;
        List<RevocableTraceEntry> trace = [];
        SliceHost host = new(new() { Buffers = new() { Observer = (_, entry) => trace.Add(entry), Rules = rules } }) { Route = P2PMapType.ThroughHostBridge };
        DmaBuf buffer = host.Export(new(0, 0x1000), new BarSlice(0x4000, 0x2000));
        StormImporter[] importers = [.. Enumerable.Range(0, 3).Select(i => new StormImporter(buffer, i == 1 ? host.Translated : host.Direct, unmapsWhenTold: i != 2, seed + i))];
        Thread[] threads =
        [
            .. importers.Select(importer => new Thread(() => importer.Run(Rounds))),
            .. Enumerable.Range(0, 2).Select(i => new Thread(() => Control(buffer, new Random((seed * 100) + i), Rounds / 2))),
        ];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.Equal(Errno.None, buffer.Close());
        Assert.All(importers, static importer => Assert.Equal(Errno.None, importer.Attachment.TryDetach()));
        host.AssertNothingLeft(buffer);
        return trace;
    }

    private static void Control(DmaBuf buffer, Random random, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            if (random.Next(2) == 0)
            {
                Assert.Equal(Errno.None, buffer.Revoke());
            }
            else
            {
                Assert.Equal(Errno.None, buffer.Unrevoke());
            }

            Thread.Yield();
        }

        Assert.Equal(Errno.None, buffer.Unrevoke());
    }
}
