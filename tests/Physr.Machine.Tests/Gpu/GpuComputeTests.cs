// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Gpu;

public sealed class GpuComputeTests
{
    [Fact]
    public void AMixIsUndoneByItsInverse()
    {
        SeededRandom random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            ulong word = random.Next();
            ulong key = random.Next();
            Assert.Equal(word, GpuMix.Unmix(GpuMix.Mix(word, key), key));
        }
    }

    [Fact]
    public void AListIsFollowedThroughFaults_EachNodeMixedOnce()
    {
        using GpuMmuFixture fixture = new(1);
        SeededRandom random = new(7);
        const int Words = 3;
        const int NodeBytes = 16 + (Words * 8);

        // Nodes in a scattered order, some across two pages; virtual page n is user page n, but for odd ones, which lie in the GPU.
        ulong[] places = [.. Enumerable.Range(0, 300).Select(i => 0x10_0000UL + ((ulong)i * 1040)).OrderBy(_ => random.Next())];
        ulong block = fixture.Allocate(9);
        GpuPageTarget Where(ulong address) => (address & 0x1000) == 0 ? GpuMmuFixture.User(address) : GpuPageTarget.Local(block + address - 0x10_0000);
        ulong expected = 0;
        Dictionary<ulong, ulong> after = [];
        for (int i = 0; i < places.Length; i++)
        {
            ulong key = random.Next();
            fixture.Set(Where(places[i]), i + 1 < places.Length ? places[i + 1] : 0);
            fixture.Set(Where(places[i] + 8), key);
            expected = GpuMix.Sum(expected, key);
            for (ulong word = 0; word < Words; word++)
            {
                ulong value = random.Next();
                ulong at = places[i] + 16 + (word * 8);
                fixture.Set(Where(at), value);
                after[at] = GpuMix.Mix(value, 0xABC ^ key);
                expected = GpuMix.Sum(expected, after[at]);
            }
        }

        Assert.Contains(places, static place => (place & 0xFFF) + NodeBytes > 0x1000);
        FaultHandler handler = FaultHandler.Mapping(fault => Where(fault.Page.Value));
        Assert.Equal(Errno.None, fixture.Compute.TryWalkList(fixture.Context, new(places[0]), 300, Words, 0xABC, 5));
        GpuComputeResult result = fixture.Wait(handler);
        Assert.Equal(new GpuComputeResult(5, GpuComputeStatus.Success, Bus.BusStatus.Success, expected, default, 300), result);
        Assert.All(after, pair => Assert.Equal(pair.Value, fixture.Word(Where(pair.Key))));
        Assert.Equal((ulong)handler.Batches.Sum(static batch => batch.Length), fixture.Context.MappedPages);
    }

    [Fact]
    public void AListWithoutPayload_IsOnlyRead()
    {
        using GpuMmuFixture fixture = new(1);
        fixture.Map(0x1000, 4096, GpuMmuFixture.User(0x1000), GpuPageFlags.None);
        fixture.Set(GpuMmuFixture.User(0x1008), 77UL);
        Assert.Equal(Errno.None, fixture.Compute.TryWalkList(fixture.Context, new(0x1000), 1, 0, 0, 5));
        Assert.Equal(GpuMix.Sum(0, 77), fixture.Wait().Result);
    }

    [Theory]
    [InlineData(0x1000UL, 5UL, GpuComputeStatus.ListTooLong, 5UL)]
    [InlineData(0x1004UL, 5UL, GpuComputeStatus.BadPointer, 1UL)]
    [InlineData(1UL << 48, 5UL, GpuComputeStatus.BadPointer, 1UL)]
    [InlineData(ulong.MaxValue & ~7UL, 5UL, GpuComputeStatus.BadPointer, 1UL)]
    [InlineData(0x5000UL, 5UL, GpuComputeStatus.FaultCancelled, 1UL)]
    public void AListThatNeverEndsOrLeadsAstray_EndsWithAName(ulong next, ulong bound, GpuComputeStatus expected, ulong nodes)
    {
        using GpuMmuFixture fixture = new(1);
        fixture.Map(0x1000, 4096, GpuMmuFixture.User(0x1000));
        fixture.Set(GpuMmuFixture.User(0x1000), next);
        Assert.Equal(Errno.None, fixture.Compute.TryWalkList(fixture.Context, new(0x1000), bound, 2, 0, 5));
        GpuComputeResult result = fixture.Wait();
        Assert.Equal(expected, result.Status);
        Assert.Equal(next, result.Address.Value);
        Assert.Equal(nodes, result.Done);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AReduction_WritesAndReturnsWhatANaiveOneGives(bool isXor)
    {
        using GpuMmuFixture fixture = new(1);
        new SeededRandom(3).Fill(fixture.Host.Memory.AsSpan(0, 0x20000));
        ulong expected = 0;
        for (int at = 0x808; at < 0x1F808; at += 8)
        {
            ulong word = BitConverter.ToUInt64(fixture.Host.Memory, at);
            expected = isXor ? expected ^ word : unchecked(expected + word);
        }

        GpuPageTarget outcome = GpuPageTarget.Local(fixture.Allocate());
        FaultHandler handler = FaultHandler.Mapping(fault => fault.Page.Value == 0x90_0000 ? outcome : GpuMmuFixture.User(fault.Page.Value), GpuPageFlags.Writable);
        Assert.Equal(Errno.None, fixture.Compute.TryReduce(fixture.Context, new(0x808), 0x1F000, new(0x90_0FF8), isXor, 1));
        GpuComputeResult result = fixture.Wait(handler);
        Assert.True(result.IsSuccess);
        Assert.Equal(expected, result.Result);
        Assert.Equal(expected, fixture.Word(outcome.Add(0xFF8)));
    }

    [Theory]
    [InlineData(0UL, 1000UL)]
    [InlineData(8UL, 1000UL)]
    [InlineData(4104UL, 20UL)]
    public void AtomicAdditions_AreAllCounted_InBothMemories(ulong stride, ulong count)
    {
        foreach (bool isLocal in new[] { false, true })
        {
            using GpuMmuFixture fixture = new(1);
            ulong block = fixture.Allocate(9);
            GpuPageTarget Where(ulong address) => isLocal ? GpuPageTarget.Local(block + address) : GpuMmuFixture.User(address);
            fixture.Set(Where(0x1000), 100UL);
            FaultHandler handler = FaultHandler.Mapping(fault => Where(fault.Page.Value), GpuMmuFixture.Exclusive);
            Assert.Equal(Errno.None, fixture.Compute.TryAtomicAdd(fixture.Context, new(0x1000), count, stride, 3, 1));
            GpuComputeResult result = fixture.Wait(handler);
            Assert.True(result.IsSuccess);
            Assert.Equal(count, result.Done);
            Assert.Equal(100 + (stride == 0 ? 3 * count : 3), fixture.Word(Where(0x1000)));
            for (ulong i = 1; stride != 0 && i < count; i++)
            {
                Assert.Equal(3UL, fixture.Word(Where(0x1000 + (i * stride))));
            }
        }
    }

    [Fact]
    public void CopiesAndFillsOfAnyAlignment_MoveWhatANaiveCopyMoves()
    {
        SeededRandom random = new(4);
        using GpuMmuFixture fixture = new(4);
        ulong block = fixture.Allocate(9);
        FaultHandler handler = FaultHandler.Mapping(fault => (fault.Page.Value & 0x1000) == 0 ? GpuMmuFixture.User(fault.Page.Value) : GpuPageTarget.Local(block + fault.Page.Value));
        byte[] oracle = new byte[1 << 20];
        GpuPageTarget Where(ulong address) => (address & 0x1000) == 0 ? GpuMmuFixture.User(address) : GpuPageTarget.Local(block + address);
        random.Fill(oracle);
        for (ulong at = 0; at < 1 << 20; at += 4096)
        {
            fixture.Set(Where(at), oracle.AsSpan((int)at, 4096));
        }

        for (int i = 0; i < 60; i++)
        {
            ulong length = random.Below(60_000);
            ulong from = random.Below(400_000);
            ulong to = 500_000 + random.Below(400_000);
            if (random.Below(3) == 0)
            {
                ulong value = random.Next();
                Assert.Equal(Errno.None, fixture.Compute.TryFill(fixture.Context, new(to & ~7UL), length & ~7UL, value, 1));
                for (ulong word = 0; word < (length & ~7UL); word += 8)
                {
                    BitConverter.TryWriteBytes(oracle.AsSpan((int)((to & ~7UL) + word)), value);
                }
            }
            else
            {
                Assert.Equal(Errno.None, fixture.Compute.TryCopy(fixture.Context, new(from), new(to), length, 1));
                oracle.AsSpan((int)from, (int)length).CopyTo(oracle.AsSpan((int)to));
            }

            Assert.True(fixture.Wait(handler).IsSuccess);
        }

        for (ulong at = 0; at < 1 << 20; at += 4096)
        {
            Assert.True(oracle.AsSpan((int)at, 4096).SequenceEqual(fixture.Bytes(Where(at), 4096)), $"0x{at:x}");
        }
    }

    public static TheoryData<GpuComputeCommand, GpuComputeStatus> Misuses => new()
    {
        { new(GpuComputeOpcode.Invalid, 0, 0, 0, 0, 0), GpuComputeStatus.InvalidCommand },
        { new((GpuComputeOpcode)99, 0, 0, 0, 0, 0), GpuComputeStatus.InvalidCommand },
        { new(GpuComputeOpcode.Transform, 0, 4, 0, 8, 0), GpuComputeStatus.InvalidCommand },
        { new(GpuComputeOpcode.Fill, 0, 8, 0, 7, 0), GpuComputeStatus.InvalidCommand },
        { new(GpuComputeOpcode.Transform, 0, (1UL << 48) - 8, 0, 16, 0), GpuComputeStatus.OutOfRange },
        { new(GpuComputeOpcode.Transform, 0, ulong.MaxValue - 7, 0, 16, 0), GpuComputeStatus.OutOfRange },
        { new(GpuComputeOpcode.Copy, 0, 0, 10, 11, 0), GpuComputeStatus.InvalidCommand },
        { new(GpuComputeOpcode.Copy, 0, 0, 1UL << 48, 1, 0), GpuComputeStatus.OutOfRange },
        { new(GpuComputeOpcode.ReduceSum, 0, 0, 4, 8, 0), GpuComputeStatus.InvalidCommand },
        { new(GpuComputeOpcode.ReduceXor, 0, 0, 1UL << 48, 8, 0), GpuComputeStatus.OutOfRange },
        { new(GpuComputeOpcode.AtomicAdd, 0, 0, 0, 3, 0, 4), GpuComputeStatus.InvalidCommand },
        { new(GpuComputeOpcode.AtomicAdd, 0, 0, 0, ulong.MaxValue, 0, ulong.MaxValue & ~7UL), GpuComputeStatus.OutOfRange },
        { new(GpuComputeOpcode.WalkList, 0, 8, 0, 1, 0, 511), GpuComputeStatus.InvalidCommand },
        { new(GpuComputeOpcode.WalkList, 0, 4, 0, 1, 0, 1), GpuComputeStatus.BadPointer },
        { new(GpuComputeOpcode.WalkList, 0, 0, 0, 0, 0, 1), GpuComputeStatus.Success },
        { new(GpuComputeOpcode.Transform, 0, 0, 0, 0, 0), GpuComputeStatus.Success },
        { new(GpuComputeOpcode.AtomicAdd, 0, 0, 0, 0, 0), GpuComputeStatus.Success },
    };

    [Theory]
    [MemberData(nameof(Misuses))]
    public void AMisuse_EndsWithItsName_AndHoldsUpNothing(GpuComputeCommand command, GpuComputeStatus expected)
    {
        using GpuMmuFixture fixture = new(2);
        Assert.Equal(expected, fixture.Run(command).Status);
        fixture.Map(0x1000, 4096, GpuMmuFixture.User(0));
        Assert.True(fixture.Transform(0x1000).IsSuccess);
        Assert.Equal(2, fixture.Host.Interrupts[GpuComputeRegisters.Vector]);
    }

    [Fact]
    public void AFullRingAsksToComeAgain_AndJobsEndInTheirOrder()
    {
        using GpuMmuFixture fixture = new(2);
        fixture.Map(0x1000, 4096, GpuMmuFixture.User(0));
        for (int lap = 0; lap < 3; lap++)
        {
            for (ulong i = 0; i < 8; i++)
            {
                Assert.Equal(Errno.None, fixture.Compute.TryTransform(fixture.Context, new(0x1000), 8, i, i));
            }

            Assert.Equal(Errno.EAGAIN, fixture.Compute.TryTransform(fixture.Context, new(0x1000), 8, 0, 0));
            for (ulong i = 0; i < 8; i++)
            {
                Assert.Equal(i, fixture.Wait().Id);
            }
        }
    }

    [Fact]
    public void TimeIsSpentByTheMemorysRateOrTheBus()
    {
        using GpuMmuFixture fixture = new(2);
        fixture.Map(2UL << 20, 2UL << 20, GpuPageTarget.Local(fixture.Allocate(9)));
        fixture.Map(4UL << 20, 2UL << 20, GpuMmuFixture.User(0));
        SimTime start = fixture.Scheduler.Now;
        Assert.True(fixture.Transform(2UL << 20, 2UL << 20).IsSuccess);
        double local = fixture.Scheduler.Now.Since(start).Seconds;
        start = fixture.Scheduler.Now;
        Assert.True(fixture.Transform(4UL << 20, 2UL << 20).IsSuccess);
        double system = fixture.Scheduler.Now.Since(start).Seconds;

        // 4 MiB each: at 800 GB/s within, at 16 GB/s over the bus.
        Assert.InRange(local, 4.9e-6, 9e-6);
        Assert.InRange(system, 2.4e-4, 3e-4);
    }

    [Fact]
    public void GarbageInRegisters_NeverThrows()
    {
        for (ulong seed = 1; seed <= 60; seed++)
        {
            SeededRandom random = new(seed);
            using GpuMmuFixture fixture = new(seed);
            byte[] noise = new byte[64];
            fixture.Compute.TryTransform(fixture.Context, new(0x1000), 0x20000, 1, 1);
            for (int i = 0; i < 200; i++)
            {
                random.Fill(noise);
                if (random.Below(2) == 0)
                {
                    noise.AsSpan(1).Clear();
                }

                int width = 1 << (int)random.Below(5);
                ulong offset = random.Below(4) == 0 ? 0x400 + random.Below(0x200) : random.Below(8) == 0 ? 0x7FF0 + random.Below(0x1020) : 0x100 + random.Below(0x140);
                fixture.Host.WriteRegister(0, offset & ~3UL, noise.AsSpan(0, width));
                fixture.Device.ReadRegister(0, offset, noise.AsSpan(0, width));
                fixture.Scheduler.RunToIdle(1_000_000);
            }

            fixture.Device.Reset();
        }
    }

    [Fact]
    public void SteadyStateAllocatesNothing()
    {
        using GpuMmuFixture fixture = new(5);
        Remapping handler = new();
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            fixture.Compute.TryTransform(fixture.Context, new(0x10000), 40 * 4096, 1, 1);
            if (fixture.Compute.Wait(handler, out GpuComputeResult result) != Errno.None || !result.IsSuccess)
            {
                Assert.Fail("a job failed");
            }

            fixture.Context.Unmap(new(0), 1UL << 40);
            fixture.Context.InvalidateAll();
        }));
    }

    private sealed class Remapping : IGpuFaultHandler
    {
        private readonly GpuPageMapping[] _mappings = new GpuPageMapping[64];

        public void Service(ReadOnlySpan<GpuFault> faults, Span<GpuFaultResolution> resolutions)
        {
            for (int i = 0; i < faults.Length; i++)
            {
                _mappings[i] = new(faults[i].Page, GpuMmuFixture.User(faults[i].Page.Value), GpuPageFlags.Writable);
            }

            if (faults[0].Context.TryMap(_mappings.AsSpan(0, faults.Length)) != Errno.None)
            {
                Assert.Fail("no tables");
            }
        }
    }
}
