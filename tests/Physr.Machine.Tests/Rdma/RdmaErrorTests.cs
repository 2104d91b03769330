// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Rdma.Host;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Rdma;

public sealed class RdmaErrorTests
{
    private const RdmaAccess All = RdmaAccess.LocalWrite | RdmaAccess.RemoteRead | RdmaAccess.RemoteWrite;

    public static TheoryData<string, RdmaCompletionStatus> Misuses => new()
    {
        { "unknown local key", RdmaCompletionStatus.LocalProtectionError },
        { "stale local key", RdmaCompletionStatus.LocalProtectionError },
        { "beyond local end", RdmaCompletionStatus.LocalProtectionError },
        { "before local start", RdmaCompletionStatus.LocalProtectionError },
        { "read into read-only", RdmaCompletionStatus.LocalProtectionError },
        { "opcode", RdmaCompletionStatus.LocalQueuePairOperationError },
        { "length", RdmaCompletionStatus.LocalLengthError },
        { "send length", RdmaCompletionStatus.LocalLengthError },
        { "unknown remote key", RdmaCompletionStatus.RemoteAccessError },
        { "stale remote key", RdmaCompletionStatus.RemoteAccessError },
        { "beyond remote end", RdmaCompletionStatus.RemoteAccessError },
        { "write to read-only", RdmaCompletionStatus.RemoteAccessError },
        { "read of write-only", RdmaCompletionStatus.RemoteAccessError },
        { "message too long", RdmaCompletionStatus.RemoteInvalidRequest },
        { "other end's queue pair gone", RdmaCompletionStatus.RetryExceeded },
        { "link down", RdmaCompletionStatus.RetryExceeded },
    };

    [Theory]
    [MemberData(nameof(Misuses))]
    public void MisuseEndsTheRequestAndFlushesTheRest_AndChangesNoByte(string misuse, RdmaCompletionStatus expected)
    {
        using RdmaFixture fixture = new(11);
        fixture.FillBoth(new(11));
        RdmaMemoryRegion local = fixture.Register(All, FakeHost.Range(8192, 65536));
        RdmaMemoryRegion readOnly = fixture.Register(RdmaAccess.None, FakeHost.Range(0x40000, 65536));
        RdmaMemoryRegion remote = fixture.Expose(4096, 65536, All);
        RdmaMemoryRegion remoteReadOnly = fixture.Expose(0x40000, 65536, RdmaAccess.RemoteRead);
        RdmaMemoryRegion remoteWriteOnly = fixture.Expose(0x60000, 65536, RdmaAccess.RemoteWrite | RdmaAccess.LocalWrite);
        RdmaMemoryRegion stale = fixture.Register(All, FakeHost.Range(0x80000, 4096));
        fixture.Driver.Deregister(stale);
        fixture.Register(All, FakeHost.Range(0x80000, 4096));
        RdmaMemoryRegion remoteStale = fixture.Expose(0x80000, 4096, All);
        fixture.Peer.Withdraw(remoteStale);
        fixture.Expose(0x80000, 4096, All);
        byte[] host = fixture.Host.Memory[..(1 << 20)];
        byte[] peer = fixture.PeerMemory();
        RdmaQueuePair queuePair = fixture.QueuePair;
        RdmaWorkRequest work = new() { Flags = 1, Length = 100, LocalKey = local.Key, LocalAddress = local.FirstAddress, Opcode = RdmaOpcode.RdmaWrite };
        Errno errno = misuse switch
        {
            "unknown local key" => queuePair.TryPostWrite(local with { Key = 0xABCD_EF01 }, 0, 100, remote, 0, 1),
            "stale local key" => queuePair.TryPostWrite(stale, 0, 100, remote, 0, 1),
            "beyond local end" => queuePair.TryPostWrite(local, 65536 - 99, 100, remote, 0, 1),
            "before local start" => queuePair.TryPostWrite(local, ulong.MaxValue, 100, remote, 0, 1),
            "read into read-only" => queuePair.TryPostRead(readOnly, 0, 100, remote, 0, 1),
            "opcode" => queuePair.TryPost(isReceive: false, 1, work with { Opcode = (RdmaOpcode)77 }),
            "length" => queuePair.TryPost(isReceive: false, 1, work with { Length = RdmaLimits.MaxMessageSize + 1 }),
            "send length" => queuePair.TryPostSend(local, 0, fixture.Driver.MaxSendSize + 1, 1),
            "unknown remote key" => queuePair.TryPostWrite(local, 0, 100, remote with { Key = 0x7700_0001 }, 0, 1),
            "stale remote key" => queuePair.TryPostWrite(local, 0, 100, remoteStale, 0, 1),
            "beyond remote end" => queuePair.TryPostWrite(local, 0, 20_000, remote, 65536 - 19_999, 1),
            "write to read-only" => queuePair.TryPostWrite(local, 0, 100, remoteReadOnly, 0, 1),
            "read of write-only" => queuePair.TryPostRead(local, 0, 100, remoteWriteOnly, 0, 1),
            "message too long" => queuePair.TryPostSend(local, 0, (uint)fixture.Peer.Connection.MessageSize + 1, 1),
            "link down" => LinkDown(fixture, () => queuePair.TryPostWrite(local, 0, 100, remote, 0, 1)),
            _ => PeerGone(fixture, () => queuePair.TryPostWrite(local, 0, 100, remote, 0, 1)),
        };
        Assert.Equal(Errno.None, errno);
        Assert.Equal(Errno.None, queuePair.TryPostWrite(local, 0, 100, remote, 0, 2));
        RdmaWorkCompletion first = fixture.Wait();
        Assert.Equal(1UL, first.Id);
        Assert.Equal(expected, first.Status);
        Assert.Equal(0U, first.ByteCount);
        RdmaWorkCompletion second = fixture.Wait();
        Assert.Equal(2UL, second.Id);
        Assert.Equal(RdmaCompletionStatus.Flushed, second.Status);
        Assert.Equal(Errno.None, queuePair.TryPostRead(local, 0, 100, remote, 0, 3));
        Assert.Equal(RdmaCompletionStatus.Flushed, fixture.Wait().Status);
        Assert.Equal(Errno.None, queuePair.TryQuery(out RdmaQueuePairState state));
        Assert.Equal(RdmaQueuePairState.Error, state);
        Assert.Equal(0, queuePair.Outstanding);
        fixture.Network.IsUp = true;
        fixture.Scheduler.RunToIdle(100_000);
        Assert.True(host.AsSpan().SequenceEqual(fixture.Host.Memory.AsSpan(0, 1 << 20)));

        // The request behind the bad one had all rights and may have been carried out where only the other end could tell; no other byte may have changed.
        byte[] peerNow = fixture.PeerMemory();
        peerNow.AsSpan(4096, 100).CopyTo(peer.AsSpan(4096));
        Assert.True(peer.AsSpan().SequenceEqual(peerNow));
        fixture.AssertNoLeaks();
    }

    [Fact]
    public void ALinkThatComesBackInTime_HarmsNothing()
    {
        using RdmaFixture fixture = new(12);
        fixture.FillBoth(new(12));
        RdmaMemoryRegion local = fixture.Register(All, FakeHost.Range(0, 1 << 20));
        RdmaMemoryRegion remote = fixture.Expose(0, RdmaFixture.PeerBytes, All);
        fixture.Network.IsUp = false;
        Assert.False(fixture.Driver.IsLinkUp);
        Assert.Equal(Errno.None, fixture.QueuePair.TryPostWrite(local, 0, 1 << 20, remote, 0, 1));
        SimTime back = fixture.Scheduler.Now.Add(SimTime.FromNanoseconds(2_000_000));
        while (fixture.Scheduler.Now.CompareTo(back) < 0)
        {
            Assert.True(fixture.Scheduler.Step());
        }

        fixture.Network.IsUp = true;
        Assert.True(fixture.Wait().IsSuccess);
        Assert.True(fixture.Host.Memory.AsSpan(0, 1 << 20).SequenceEqual(fixture.PeerMemory()));
        fixture.AssertNoLeaks();
    }

    [Fact]
    public void AMessageWaitsForAReceiveBuffer_ButNotForEver()
    {
        using RdmaFixture fixture = new(13);
        RdmaMemoryRegion local = fixture.Register(All, FakeHost.Range(0, 65536));
        Assert.Equal(Errno.None, fixture.Peer.Connection.TrySend("late"u8));
        while (fixture.Network.FromBToA.Packets == 0)
        {
            Assert.True(fixture.Scheduler.Step());
        }

        Assert.False(fixture.Completions.TryPoll(out _));
        Assert.Equal(Errno.None, fixture.QueuePair.TryPostReceive(local, 0, 64, 5));
        RdmaWorkCompletion completion = fixture.Wait();
        Assert.True(completion.IsSuccess && completion.Id == 5 && completion.ByteCount == 4);
        Assert.True(fixture.Host.Memory.AsSpan(0, 4).SequenceEqual("late"u8));
        Assert.Equal(Errno.None, fixture.Peer.Connection.TrySend("never"u8));
        fixture.Scheduler.RunToIdle(100_000);
        Assert.False(fixture.Peer.Connection.TryComplete(out _));
        Assert.Equal(RdmaCompletionStatus.ReceiverNotReadyRetryExceeded, fixture.Peer.Connection.Failure?.Status);
        fixture.AssertNoLeaks();
    }

    [Fact]
    public void DeregisteringUnderWay_EndsTheRequestInError()
    {
        using RdmaFixture fixture = new(14);
        RdmaMemoryRegion local = fixture.Register(All, FakeHost.Range(0, 1 << 20));
        RdmaMemoryRegion remote = fixture.Expose(0, RdmaFixture.PeerBytes, All);
        Assert.Equal(Errno.None, fixture.QueuePair.TryPostWrite(local, 0, 1 << 20, remote, 0, 1));
        Assert.Equal(Errno.None, fixture.Driver.Deregister(local));
        fixture.Host.AllowedPayload = [];
        Assert.Equal(RdmaCompletionStatus.LocalProtectionError, fixture.Wait().Status);
        Assert.Null(fixture.Host.Trespass);
        fixture.AssertNoLeaks();
    }

    [Fact]
    public void AResetOfOneEnd_EndsTheRequestsOfTheOther()
    {
        using RdmaFixture fixture = new(15);
        RdmaMemoryRegion local = fixture.Register(All, FakeHost.Range(0, 1 << 20));
        RdmaMemoryRegion remote = fixture.Expose(0, RdmaFixture.PeerBytes, All);
        Assert.Equal(Errno.None, fixture.QueuePair.TryPostRead(local, 0, 1 << 20, remote, 0, 1));
        for (int i = 0; i < 40; i++)
        {
            fixture.Scheduler.Step();
        }

        fixture.Peer.Nic.Reset();
        Assert.Equal(RdmaCompletionStatus.RetryExceeded, fixture.Wait().Status);
        fixture.Nic.Reset();
        fixture.Scheduler.RunToIdle(100_000);
        Assert.Equal(0, fixture.Network.PacketsInUse);
    }

    [Fact]
    public void ANicThatIsGone_AnswersNoCommand()
    {
        using RdmaFixture fixture = new(16);
        fixture.Host.Gone = true;
        Assert.Equal(Errno.ENODEV, fixture.Driver.TryRegister(RdmaFixture.List(FakeHost.Range(0, 4096)), All, out _));
        Assert.Equal(Errno.ENODEV, fixture.Driver.Wait(fixture.Completions, out _));
        Assert.Equal(Errno.ENODEV, RdmaDriver.TryOpen(fixture.Host, out _));
        fixture.AssertNoLeaks();
    }

    [Fact]
    public void ABusThatFailsAtAnyStep_GivesAnErrorAndNeverWrongBytes()
    {
        int failures = 0;
        for (int step = 1; ; step++)
        {
            using RdmaFixture fixture = new((ulong)step, open: false);
            fixture.FillBoth(new((ulong)step));
            fixture.Host.FailAt = step;
            fixture.Host.FailWith = (BusStatus)(1 + (step % 6));
            bool ok = RunTransfers(fixture, out string outcome);
            bool tripped = fixture.Host.Transactions >= step;
            Assert.True(ok != tripped, $"step {step}: {outcome}");
            failures += tripped ? 1 : 0;
            fixture.Host.FailAt = 0;
            fixture.AssertNoLeaks();
            if (!tripped)
            {
                break;
            }
        }

        Assert.InRange(failures, 30, 400);
    }

    /// <summary>Opens, registers, writes, reads, receives; true when all of it was reported as done, and then every byte is checked.</summary>
    private static bool RunTransfers(RdmaFixture fixture, out string outcome)
    {
        outcome = "open";
        if (fixture.TryOpen() != Errno.None)
        {
            return false;
        }

        outcome = "register";
        DmaRangeList list = RdmaFixture.List(FakeHost.Range(100, 8092), FakeHost.Range(0x10000, 20_000));
        if (fixture.Driver.TryRegister(list, All, out RdmaMemoryRegion local) != Errno.None)
        {
            return false;
        }

        RdmaMemoryRegion remote = fixture.Expose(0, RdmaFixture.PeerBytes, All);
        byte[] source = fixture.Host.Memory[..(1 << 20)];
        byte[] peerBefore = fixture.PeerMemory();
        fixture.QueuePair.TryPostReceive(local, 0, 64, 3);
        fixture.QueuePair.TryPostWrite(local, 0, 20_000, remote, 1000, 1);
        fixture.QueuePair.TryPostRead(local, 100, 20_000, remote, 500_000, 2);
        fixture.Peer.Connection.TrySend("hello"u8);
        bool all = true;
        outcome = "completions:";
        for (int i = 0; i < 3; i++)
        {
            Errno errno = fixture.Driver.Wait(fixture.Completions, out RdmaWorkCompletion completion);
            outcome += $" {errno} {completion.Id} {completion.Status};";
            if (errno != Errno.None)
            {
                return false;
            }

            all &= completion.IsSuccess;
            if (completion is { IsSuccess: true, Id: 2 })
            {
                Assert.True(Local(fixture.Host.Memory, 100, 20_000).SequenceEqual(peerBefore.AsSpan(500_000, 20_000)), outcome);
            }

            if (completion is { IsSuccess: true, Id: 3 })
            {
                Assert.True(fixture.Host.Memory.AsSpan(100, 5).SequenceEqual("hello"u8), outcome);
            }

            if (completion is { IsSuccess: true, Id: 1 })
            {
                // "hello" may have come before the write read its bytes.
                Assert.True(Local(source, 5, 19_995).SequenceEqual(fixture.PeerMemory().AsSpan(1005, 19_995)), outcome);
            }
        }

        return all && fixture.Driver.Deregister(local) == Errno.None;

        static ReadOnlySpan<byte> Local(byte[] memory, int offset, int length)
        {
            byte[] flat = [.. memory.AsSpan(100, 8092), .. memory.AsSpan(0x10000, 20_000)];
            return flat.AsSpan(offset, length);
        }
    }

    private static Errno LinkDown(RdmaFixture fixture, Func<Errno> post)
    {
        fixture.Network.IsUp = false;
        return post();
    }

    private static Errno PeerGone(RdmaFixture fixture, Func<Errno> post)
    {
        fixture.Peer.Connection.QueuePair.Abort();
        fixture.Scheduler.RunToIdle(100_000);
        return post();
    }
}
