// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Rdma.Host;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Rdma;

public sealed class RdmaTransferTests
{
    private const RdmaAccess All = RdmaAccess.LocalWrite | RdmaAccess.RemoteRead | RdmaAccess.RemoteWrite;

    [Fact]
    public void R63_WritesAndReadsOverAnyBlockList_MoveExactlyTheBytesAsked()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            SeededRandom random = new(seed);
            using RdmaFixture fixture = new(seed);
            fixture.FillBoth(random);
            (DmaRangeList list, List<ulong> bytes) = RandomList(random);
            Assert.Equal(Errno.None, fixture.Driver.TryRegister(list, All, out RdmaMemoryRegion local));
            ulong exposedAt = random.Below(5000);
            RdmaMemoryRegion remote = fixture.Expose(exposedAt, RdmaFixture.PeerBytes - exposedAt - random.Below(5000), All);
            byte[] expectedHost = fixture.Host.Memory[..(1 << 20)];
            byte[] expectedPeer = fixture.PeerMemory();
            for (int i = 0; i < 6; i++)
            {
                ulong offset = random.Below(local.Length);
                uint length = (uint)random.Below(local.Length - offset + 1);
                ulong remoteOffset = random.Below(remote.Length - length);
                bool write = random.Below(2) == 0;
                Errno errno = write
                    ? fixture.QueuePair.TryPostWrite(local, offset, length, remote, remoteOffset, (ulong)i)
                    : fixture.QueuePair.TryPostRead(local, offset, length, remote, remoteOffset, (ulong)i);
                Assert.Equal(Errno.None, errno);
                RdmaWorkCompletion completion = fixture.Wait();
                Assert.True(completion.IsSuccess && completion.ByteCount == length && completion.Id == (ulong)i, $"seed {seed}: {completion}");
                for (uint at = 0; at < length; at++)
                {
                    ref byte host = ref expectedHost[bytes[(int)(offset + at)]];
                    ref byte peer = ref expectedPeer[exposedAt + remoteOffset + at];
                    if (write)
                    {
                        peer = host;
                    }
                    else
                    {
                        host = peer;
                    }
                }
            }

            Assert.True(expectedHost.AsSpan().SequenceEqual(fixture.Host.Memory.AsSpan(0, 1 << 20)), $"seed {seed}: host memory");
            Assert.True(expectedPeer.AsSpan().SequenceEqual(fixture.PeerMemory()), $"seed {seed}: peer memory");
            Assert.Equal(Errno.None, fixture.Driver.Deregister(local));
            fixture.AssertNoLeaks();
        }
    }

    [Fact]
    public void R63a_ARegionIsRegisteredInTheLargestBlocksThatFit()
    {
        using RdmaFixture fixture = new(1);

        // 0x1_2340_0000 is a multiple of 4 MiB; the second run joins on a multiple of 64 KiB.
        RdmaMemoryRegion region = fixture.Register(RdmaAccess.None, FakeHost.Range(0x10000, 0x20000), FakeHost.Range(0x50000, 0x10000));
        Assert.Equal(0x10000UL, region.BlockSize);
        RdmaMemoryRegion small = fixture.Register(RdmaAccess.None, FakeHost.Range(0x10010, 0x20), FakeHost.Range(0x10030, 0x10));
        Assert.Equal(0x1000UL, small.BlockSize);
    }

    [Fact]
    public void R63b_RunsThatJoinWithinABlock_CannotBeRegistered()
    {
        using RdmaFixture fixture = new(1);
        DmaRangeList list = RdmaFixture.List(FakeHost.Range(0, 512), FakeHost.Range(4096, 512));
        Assert.Equal(Errno.EINVAL, fixture.Driver.TryRegister(list, All, out _));
        Assert.Equal(Errno.EINVAL, fixture.Driver.TryRegister(DmaRangeList.Empty, All, out _));
        Assert.Equal(Errno.EINVAL, fixture.Driver.TryRegister(RdmaFixture.List(FakeHost.Range(0, 4096)), RdmaAccess.RemoteWrite, out _));
        Assert.Equal(0, fixture.Nic.LiveRegions);
    }

    [Fact]
    public void CompletionsComeInTheOrderOfPosting_ThoughReadsTakeLongerThanWrites()
    {
        using RdmaFixture fixture = new(3);
        RdmaMemoryRegion local = fixture.Register(All, FakeHost.Range(0, 1 << 20));
        RdmaMemoryRegion remote = fixture.Expose(0, RdmaFixture.PeerBytes, All);
        for (uint i = 0; i < 32; i++)
        {
            Errno errno = i % 2 == 0
                ? fixture.QueuePair.TryPostRead(local, i * 4096, 20_000, remote, 0, i)
                : fixture.QueuePair.TryPostWrite(local, i * 4096, 10, remote, 900_000, i);
            Assert.Equal(Errno.None, errno);
        }

        Assert.Equal(Errno.EAGAIN, fixture.QueuePair.TryPostWrite(local, 0, 1, remote, 0, 99));
        for (uint i = 0; i < 32; i++)
        {
            RdmaWorkCompletion completion = fixture.Wait();
            Assert.True(completion.IsSuccess);
            Assert.Equal(i, completion.Id);
        }

        fixture.AssertNoLeaks();
    }

    [Fact]
    public void AFencedWrite_SendsWhatTheReadBeforeItBrought()
    {
        using RdmaFixture fixture = new(4);
        fixture.FillBoth(new(4));
        RdmaMemoryRegion local = fixture.Register(All, FakeHost.Range(0, 1 << 20));
        RdmaMemoryRegion remote = fixture.Expose(0, RdmaFixture.PeerBytes, All);
        Assert.Equal(Errno.None, fixture.QueuePair.TryPostRead(local, 0, 100_000, remote, 0, 1));
        Assert.Equal(Errno.None, fixture.QueuePair.TryPostWrite(local, 0, 100_000, remote, 500_000, 2, fence: true));
        Assert.True(fixture.Wait().IsSuccess);
        Assert.True(fixture.Wait().IsSuccess);
        byte[] peer = fixture.PeerMemory();
        Assert.True(peer.AsSpan(0, 100_000).SequenceEqual(peer.AsSpan(500_000, 100_000)));
    }

    [Fact]
    public void MessagesGoBothWays_AndTheWireCountsThemWithHeaders()
    {
        using RdmaFixture fixture = new(5);
        Assert.Equal(Errno.None, RdmaConnection.TryCreate(fixture.Driver, 4, 4, 256, out RdmaConnection? connection));
        using RdmaNicPair pair = new(fixture, connection!);
        Span<byte> room = stackalloc byte[256];
        for (int round = 0; round < 50; round++)
        {
            byte[] text = [.. Enumerable.Range(0, round + 1).Select(i => (byte)(i * round))];
            Assert.Equal(Errno.None, connection!.TrySend(text));
            fixture.Scheduler.RunToIdle(10_000);
            Assert.True(pair.Far.TryReceive(room, out int length));
            Assert.True(room[..length].SequenceEqual(text));
            Assert.Equal(Errno.None, pair.Far.TrySend(room[..length]));
            fixture.Scheduler.RunToIdle(10_000);
            Assert.True(connection.TryReceive(room, out length));
            Assert.True(room[..length].SequenceEqual(text));
            Assert.False(connection.TryComplete(out _));
            Assert.False(pair.Far.TryComplete(out _));
        }

        Assert.Null(connection!.Failure);
        Assert.Equal(50UL * 51 / 2, fixture.Network.FromAToB.PayloadBytes);
        Assert.Equal(fixture.Network.FromAToB.PayloadBytes + (fixture.Network.FromAToB.Packets * 82), fixture.Network.FromAToB.WireBytes);
    }

    [Fact]
    public void ManyPiecesOverlapMemoryAndWire_SoThatTimeIsThatOfTheSlower()
    {
        using RdmaFixture fixture = new(6);
        RdmaMemoryRegion local = fixture.Register(All, FakeHost.Range(0, 1 << 20));
        RdmaMemoryRegion remote = fixture.Expose(0, RdmaFixture.PeerBytes, All);
        SimTime start = fixture.Scheduler.Now;
        Assert.Equal(Errno.None, fixture.QueuePair.TryPostWrite(local, 0, 1 << 20, remote, 0, 1));
        Assert.True(fixture.Wait().IsSuccess);
        double seconds = fixture.Scheduler.Now.Since(start).Seconds;

        // The fake bus moves 4 KiB in 0.46 us, the wire in 0.33 us: 256 pieces are 117 us of bus, and 202 us if nothing overlapped.
        Assert.InRange(seconds, 116e-6, 135e-6);
    }

    [Fact]
    public void SteadyStateAllocatesNothing()
    {
        using RdmaFixture fixture = new(7);
        DmaRangeList list = RdmaFixture.List(FakeHost.Range(0, 8192), FakeHost.Range(16384, 65536), FakeHost.Range(0x80000, 0x20000));
        RdmaMemoryRegion remote = fixture.Expose(0, RdmaFixture.PeerBytes, All);
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            fixture.Driver.TryRegister(list, All, out RdmaMemoryRegion local);
            fixture.QueuePair.TryPostWrite(local, 10, 100_000, remote, 0, 1);
            fixture.QueuePair.TryPostRead(local, 10, 100_000, remote, 0, 2);
            fixture.Driver.Wait(fixture.Completions, out RdmaWorkCompletion first);
            fixture.Driver.Wait(fixture.Completions, out RdmaWorkCompletion second);
            if (!first.IsSuccess || !second.IsSuccess || fixture.Driver.Deregister(local) != Errno.None)
            {
                Assert.Fail($"{first}, {second}");
            }
        }));
    }

    /// <summary>A list of 4 KiB-congruent runs with ragged ends, and the host byte behind each of its bytes.</summary>
    private static (DmaRangeList List, List<ulong> Bytes) RandomList(SeededRandom random)
    {
        ulong granule = 4096UL << (int)random.Below(3);
        int runs = 1 + (int)random.Below(6);
        List<DmaRange> ranges = [];
        List<ulong> bytes = [];
        ulong slots = (1UL << 20) / granule;
        for (int i = 0; i < runs; i++)
        {
            ulong slot = random.Below(slots - 4);
            ulong start = slot * granule;
            ulong end = start + ((1 + random.Below(4)) * granule);
            if (i == 0)
            {
                start += random.Below(granule - 1);
            }

            if (i == runs - 1)
            {
                end -= random.Below(Math.Min(granule, end - start));
            }

            ranges.Add(FakeHost.Range(start, end - start));
            for (ulong at = start; at < end; at++)
            {
                bytes.Add(at);
            }
        }

        return (RdmaFixture.List([.. ranges]), bytes);
    }
}
