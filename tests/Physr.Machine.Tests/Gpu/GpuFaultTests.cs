// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Gpu;

public sealed class GpuFaultTests
{
    private const ulong Start = 0x7F00_0012_3000;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public void ARangeThatFaultsPageByPage_IsTransformedExactlyOnce_InBatchesOfTheLanes(int lanes)
    {
        using GpuMmuFixture fixture = new(3, lanes: lanes);
        const int Pages = 50;
        new SeededRandom(5).Fill(fixture.Host.Memory.AsSpan(0, Pages * 4096));
        byte[] before = fixture.Host.Memory[..(Pages * 4096)];
        ulong block = fixture.Allocate(9);
        fixture.Device.Memory.Write(block, before);
        FaultHandler handler = FaultHandler.Mapping(fault =>
        {
            ulong at = fault.Page.Value - Start;
            return (at & 0x1000) == 0 ? GpuMmuFixture.User(at) : GpuPageTarget.Local(block + at);
        });
        GpuComputeResult result = fixture.Transform(Start + 8, (Pages * 4096) - 16, 99, handler);
        Assert.True(result.IsSuccess);
        Assert.Equal((Pages * 4096UL) - 16, result.Done);
        for (int at = 0; at < Pages * 4096; at += 8)
        {
            ulong word = BitConverter.ToUInt64(before, at);
            bool isTouched = at is not (0 or (Pages * 4096) - 8);
            bool isSystem = (at & 0x1000) == 0;
            Assert.Equal(isTouched && isSystem ? GpuMix.Mix(word, 99) : word, fixture.Word(GpuMmuFixture.User((ulong)at)));
            Assert.Equal(isTouched && !isSystem ? GpuMix.Mix(word, 99) : word, fixture.Word(GpuPageTarget.Local(block + (ulong)at)));
        }

        Assert.Equal(Math.Min(lanes, Pages), handler.Batches[0].Length);
        Assert.Equal(Pages, handler.Batches.SelectMany(static batch => batch).Select(static fault => fault.Page).Distinct().Count());
        Assert.All(handler.Batches.SelectMany(static batch => batch), static fault => Assert.Equal((GpuAccess.Write, GpuFaultReason.NotPresent), (fault.Access, fault.Reason)));
    }

    [Fact]
    public void EachRightIsAskedForByItself()
    {
        using GpuMmuFixture fixture = new(1);
        GpuPageTarget page = GpuPageTarget.Local(fixture.Allocate());
        List<(GpuAccess, GpuFaultReason)> seen = [];
        FaultHandler handler = new(fault =>
        {
            seen.Add((fault.Access, fault.Reason));
            GpuPageFlags flags = fault.Reason switch
            {
                GpuFaultReason.NotPresent => GpuPageFlags.None, GpuFaultReason.WriteProtected => GpuPageFlags.Writable, _ => GpuMmuFixture.Exclusive,
            };
            Assert.Equal(Errno.None, fault.Context.TryMap(fault.Page, 4096, page, flags));
            return GpuFaultResolution.Replay;
        });
        Assert.True(fixture.Run(new(GpuComputeOpcode.AtomicAdd, 0, 0x4008, 0, 5, 3), handler).IsSuccess);
        Assert.Equal(15UL, fixture.Word(page.Add(8)));
        Assert.Equal([(GpuAccess.Atomic, GpuFaultReason.NotPresent), (GpuAccess.Atomic, GpuFaultReason.WriteProtected), (GpuAccess.Atomic, GpuFaultReason.AtomicDenied)], seen);
        Assert.Equal(3UL, fixture.Mmu.Statistics.Replays);
    }

    [Fact]
    public void RecordsOfOnePage_AreOneFault_WithTheMostDemandingAccess()
    {
        using GpuMmuFixture fixture = new(1);
        GpuPageTarget page = GpuPageTarget.Local(fixture.Allocate());
        FaultHandler handler = FaultHandler.Mapping(_ => page, GpuMmuFixture.Exclusive);

        // 3 lanes of 64 steps each, all in one page.
        Assert.True(fixture.Run(new(GpuComputeOpcode.AtomicAdd, 0, 0x4000, 0, 192, 1, 8), handler).IsSuccess);
        Assert.Equal(3, Assert.Single(Assert.Single(handler.Batches)).Records);
        Assert.Equal(1UL, fixture.Mmu.Statistics.Faults);
        Assert.Equal(3UL, fixture.Mmu.Statistics.FaultRecords);

        // A copy within one page faults for its reading and its writing together.
        Assert.Equal(Errno.None, fixture.Compute.TryCopy(fixture.Context, new(0x8000), new(0x8800), 64, 1));
        handler.Batches.Clear();
        Assert.True(fixture.Wait(handler).IsSuccess);
        GpuFault fault = Assert.Single(Assert.Single(handler.Batches));
        Assert.Equal((2, GpuAccess.Write), (fault.Records, fault.Access));
    }

    [Fact]
    public void ACancelledFault_EndsTheCommandWithItsAddress_AndTheNextOneRuns()
    {
        using GpuMmuFixture fixture = new(1);
        ulong block = fixture.Allocate(9);
        FaultHandler handler = new(fault =>
        {
            if (fault.Page.Value == 0x6000)
            {
                return GpuFaultResolution.Cancel;
            }

            Assert.Equal(Errno.None, fault.Context.TryMap(fault.Page, 4096, GpuPageTarget.Local(block + fault.Page.Value), GpuMmuFixture.Writable));
            return GpuFaultResolution.Replay;
        });
        GpuComputeResult result = fixture.Transform(0x1010, 0x8000, 7, handler);
        Assert.Equal(GpuComputeStatus.FaultCancelled, result.Status);
        Assert.Equal(0x6000UL, result.Address.Value);
        Assert.Equal(1UL, fixture.Mmu.Statistics.Cancels);
        for (ulong at = 0x1010; at < 0x9010; at += 8)
        {
            ulong word = fixture.Word(GpuPageTarget.Local(block + at));
            Assert.True(word == 0 || word == GpuMix.Mix(0, 7), $"0x{at:x}");
        }

        Assert.Equal(result.Done, (ulong)fixture.Bytes(GpuPageTarget.Local(block), 0xA000).Chunk(8).Count(static word => BitConverter.ToUInt64(word) != 0) * 8);
        Assert.True(fixture.Transform(0x1010, 8, 1, handler).IsSuccess);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void WhatDoesNotFitOnTheRing_FaultsAgainWithTheReplay(int entries)
    {
        using GpuMmuFixture fixture = new(1, faultEntries: entries);
        FaultHandler handler = FaultHandler.Mapping(static fault => GpuMmuFixture.User(fault.Page.Value));
        Assert.True(fixture.Transform(0x10000, 40 * 4096, 7, handler).IsSuccess);
        Assert.All(handler.Batches, batch => Assert.InRange(batch.Length, 1, entries));
        Assert.NotEqual(0UL, fixture.Mmu.Statistics.Overflows);
        for (ulong at = 0; at < 40 * 4096; at += 8)
        {
            Assert.Equal(GpuMix.Mix(0, 7), fixture.Word(GpuMmuFixture.User(0x10000 + at)));
        }
    }

    [Fact]
    public void AHandlerThatPromisesForEver_IsNotBelievedForEver()
    {
        using GpuMmuFixture fixture = new(1);
        FaultHandler handler = new(static _ => GpuFaultResolution.Replay);
        Assert.Equal(GpuComputeStatus.FaultCancelled, fixture.Transform(0x1000, 8, 7, handler).Status);
        Assert.InRange(handler.Batches.Count, GpuComputeDriver.FruitlessRounds, GpuComputeDriver.FruitlessRounds + 2);
    }

    [Fact]
    public void WithoutAFaultRing_AFaultEndsTheCommand()
    {
        using GpuMmuFixture fixture = new(1);
        fixture.Host.WriteRegister32(0, GpuMmuRegisters.FaultControl, 0);
        GpuComputeResult result = fixture.Transform(0x1234_5000);
        Assert.Equal(GpuComputeStatus.UnreportedFault, result.Status);
        Assert.Equal(0x1234_5000UL, result.Address.Value);
    }

    [Fact]
    public void AFaultRingTakenAway_EndsWhatStandsStill()
    {
        using GpuMmuFixture fixture = new(1);
        Assert.Equal(Errno.None, fixture.Compute.TryTransform(fixture.Context, new(0x1000), 0x10000, 7, 1));
        fixture.Scheduler.RunToIdle();
        fixture.Host.WriteRegister32(0, GpuMmuRegisters.FaultControl, 0);
        fixture.Scheduler.RunToIdle();
        Assert.True(fixture.Compute.TryPoll(out GpuComputeResult result));
        Assert.Equal(GpuComputeStatus.UnreportedFault, result.Status);
    }

    [Fact]
    public void ABusThatFailsAtAnyStep_EndsEachJobOrTheEngine()
    {
        int failures = 0;
        for (int step = 1; ; step++)
        {
            using GpuMmuFixture fixture = new((ulong)step, lanes: 2);
            FaultHandler handler = FaultHandler.Mapping(static fault => GpuMmuFixture.User(fault.Page.Value));
            fixture.Host.FailAt = fixture.Host.Transactions + step;
            fixture.Compute.TryTransform(fixture.Context, new(0x1000), 3 * 4096, 7, 1);
            Errno errno = fixture.Compute.Wait(handler, out GpuComputeResult result);
            bool tripped = fixture.Host.Transactions >= fixture.Host.FailAt;
            Assert.True(tripped ? errno == Errno.EIO || result.Status is GpuComputeStatus.BusError or GpuComputeStatus.UnreportedFault : errno == Errno.None && result.IsSuccess, $"step {step}");
            if (!tripped)
            {
                break;
            }

            // Nothing is kept waiting by what failed.
            Assert.Equal(Errno.None, fixture.Context.InvalidateAll());
            failures++;
        }

        Assert.InRange(failures, 9, 40);
    }
}
