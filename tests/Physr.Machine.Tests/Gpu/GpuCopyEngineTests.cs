// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Infrastructure;
using Physr.Machine.Tests.Rdma;

namespace Physr.Machine.Tests.Gpu;

public sealed class GpuCopyEngineTests
{
    // Near the edge of a 16 MiB storage chunk, so that copies cross it.
    private const ulong Arena = (16UL << 20) - (256 << 10);

    [Fact]
    public void RandomJobs_MoveWhatANaiveCopyMoves()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            SeededRandom random = new(seed);
            using GpuFixture fixture = new(seed);
            random.Fill(fixture.Host.Memory.AsSpan(0, 1 << 20));
            byte[] host = fixture.Host.Memory[..(1 << 20)];
            byte[] gpu = new byte[512 << 10];
            random.Fill(gpu);
            fixture.Device.Memory.Write(Arena, gpu);
            for (int i = 0; i < 12; i++)
            {
                int length = (int)random.Below(30_000);
                int at = (int)random.Below((512 << 10) - 30_000);
                int bus = (int)random.Below((1 << 20) - 70_000);
                switch (random.Below(4))
                {
                    case 0:
                        DmaRangeList to = RdmaFixture.List(FakeHost.Range((ulong)bus, (ulong)length), FakeHost.Range((ulong)bus + 35_000, 17));
                        Assert.Equal(Errno.None, fixture.Driver.TryCopyToBus(Arena + (ulong)at, to, 1));
                        gpu.AsSpan(at, length).CopyTo(host.AsSpan(bus));
                        gpu.AsSpan(at + length, 17).CopyTo(host.AsSpan(bus + 35_000));
                        break;
                    case 1:
                        DmaRangeList from = RdmaFixture.List(FakeHost.Range((ulong)bus + 35_000, (ulong)length), FakeHost.Range((ulong)bus, 17));
                        Assert.Equal(Errno.None, fixture.Driver.TryCopyFromBus(from, Arena + (ulong)at, 1));
                        host.AsSpan(bus + 35_000, length).CopyTo(gpu.AsSpan(at));
                        host.AsSpan(bus, 17).CopyTo(gpu.AsSpan(at + length));
                        break;
                    case 2:
                        int half = length / 2;
                        Assert.Equal(Errno.None, fixture.Driver.TryCopyWithin(Arena + (ulong)at, Arena + (ulong)(at + half), (ulong)half, 1));
                        gpu.AsSpan(at, half).CopyTo(gpu.AsSpan(at + half));
                        break;
                    default:
                        ulong value = random.Next();
                        Assert.Equal(Errno.None, fixture.Driver.TryFill(Arena + (ulong)at, (ulong)length, value, 1));
                        for (int j = 0; j < length; j++)
                        {
                            gpu[at + j] = (byte)(value >> (j % 8 * 8));
                        }

                        break;
                }

                Assert.True(fixture.Wait().IsSuccess, $"seed {seed}");
            }

            Assert.True(host.AsSpan().SequenceEqual(fixture.Host.Memory.AsSpan(0, 1 << 20)), $"seed {seed}: host");
            Assert.True(gpu.AsSpan().SequenceEqual(fixture.Read(Arena, gpu.Length)), $"seed {seed}: GPU");
        }
    }

    public static TheoryData<GpuCommand, GpuCompletionStatus> Misuses => new()
    {
        { new(GpuOpcode.Invalid, 0, 0, 0, 0, 0), GpuCompletionStatus.InvalidCommand },
        { new((GpuOpcode)200, 0, 0, 0, 0, 0), GpuCompletionStatus.InvalidCommand },
        { new(GpuOpcode.CopyToBus, 0, GpuFixture.MemorySize - 1, FakeHost.Base, 2, 0), GpuCompletionStatus.OutOfRange },
        { new(GpuOpcode.CopyToBus, 0, ulong.MaxValue, FakeHost.Base, 2, 0), GpuCompletionStatus.OutOfRange },
        { new(GpuOpcode.CopyToBus, 0, 0, ulong.MaxValue, 2, 0), GpuCompletionStatus.OutOfRange },
        { new(GpuOpcode.CopyFromBus, 0, FakeHost.Base, GpuFixture.MemorySize, 1, 0), GpuCompletionStatus.OutOfRange },
        { new(GpuOpcode.CopyWithin, 0, 0, 10, 11, 0), GpuCompletionStatus.InvalidCommand },
        { new(GpuOpcode.CopyWithin, 0, 0, GpuFixture.MemorySize - 4, 5, 0), GpuCompletionStatus.OutOfRange },
        { new(GpuOpcode.Fill, 0, 0, 1, ulong.MaxValue, 0), GpuCompletionStatus.OutOfRange },
        { new(GpuOpcode.ReleaseSemaphore, 0, 0, FakeHost.Base + 4, 0, 1), GpuCompletionStatus.InvalidCommand },
        { new(GpuOpcode.CopyToBus, 0, 0, 0x1000, 8, 0), GpuCompletionStatus.BusError },
        { new(GpuOpcode.CopyFromBus, 0, 0x1000, 0, 8, 0), GpuCompletionStatus.BusError },
    };

    [Theory]
    [MemberData(nameof(Misuses))]
    public void AfterAFailure_NoSemaphoreIsReleasedForBytesThatDidNotMove(GpuCommand command, GpuCompletionStatus expected)
    {
        using GpuFixture fixture = new(2);
        Assert.Equal(Errno.None, fixture.Driver.TryPost(command, 1));
        Assert.Equal(Errno.None, fixture.Driver.TryReleaseSemaphore(new(FakeHost.Base + 64), 0xAA, 2));
        GpuJobCompletion failed = fixture.Wait();
        Assert.Equal(expected, failed.Status);
        Assert.Equal(expected == GpuCompletionStatus.BusError ? BusStatus.UnsupportedRequest : BusStatus.Success, failed.BusStatus);
        Assert.Equal(GpuCompletionStatus.Aborted, fixture.Wait().Status);
        Assert.Equal(0UL, BitConverter.ToUInt64(fixture.Host.Memory, 64));

        // The driver started the engine again.
        Assert.Equal(Errno.None, fixture.Driver.TryReleaseSemaphore(new(FakeHost.Base + 64), 0xBB, 3));
        Assert.True(fixture.Wait().IsSuccess);
        Assert.Equal(0xBBUL, BitConverter.ToUInt64(fixture.Host.Memory, 64));
    }

    [Theory]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EREMOTEIO)]
    public void WhicheverAllocationFails_EverythingIsGivenBack(Errno why)
    {
        int at = 1;
        while (true)
        {
            using GpuFixture fixture = new((ulong)at, open: false);
            fixture.Host.RefuseAllocationAt = at;
            fixture.Host.RefuseWith = why;
            Errno errno = GpuDriver.TryOpen(fixture.Host, 16, out GpuDriver? driver);
            if (errno == Errno.None)
            {
                driver!.Dispose();
                break;
            }

            Assert.Equal(why, errno);
            Assert.Null(driver);
            Assert.Equal(0, fixture.Host.LiveBuffers);
            at++;
        }

        Assert.Equal(2, at); // the rings are one buffer
    }

    [Fact]
    public void ABusThatFailsAtAnyStep_GivesAnErrorAndNeverWrongBytes()
    {
        int failures = 0;
        for (int step = 1; ; step++)
        {
            using GpuFixture fixture = new((ulong)step, open: false);
            new SeededRandom((ulong)step).Fill(fixture.Host.Memory.AsSpan(0, 1 << 20));
            byte[] source = fixture.Host.Memory[..20_000];
            fixture.Host.FailAt = step;
            bool ok = GpuDriver.TryOpen(fixture.Host, 16, out GpuDriver? driver) == Errno.None;
            Assert.True(ok);
            fixture.Driver = driver!;
            driver!.TryCopyFromBus(new(FakeHost.Base), 100, 20_000, 1);
            driver.TryCopyToBus(100, new DmaAddress(FakeHost.Base + 0x20000), 20_000, 2);
            driver.TryReleaseSemaphore(new(FakeHost.Base + 0x40000), 7, 3);
            BitConverter.TryWriteBytes(fixture.Host.Memory.AsSpan(0x40000), 0UL);
            for (int i = 0; i < 3 && ok; i++)
            {
                ok = driver.Wait(out GpuJobCompletion completion) == Errno.None && completion.IsSuccess;
            }

            bool tripped = fixture.Host.Transactions >= step;
            Assert.True(ok != tripped, $"step {step}");
            if (BitConverter.ToUInt64(fixture.Host.Memory, 0x40000) == 7)
            {
                Assert.True(source.AsSpan().SequenceEqual(fixture.Host.Memory.AsSpan(0x20000, 20_000)), $"step {step}");
            }

            if (!tripped)
            {
                break;
            }

            failures++;
        }

        Assert.InRange(failures, 15, 100);
    }

    [Fact]
    public void GarbageOnTheRingAndInRegisters_NeverThrows()
    {
        for (ulong seed = 1; seed <= 100; seed++)
        {
            SeededRandom random = new(seed);
            using GpuFixture fixture = new(seed);
            byte[] noise = new byte[64];
            for (int i = 0; i < 40; i++)
            {
                GpuCommand command = new(
                    (GpuOpcode)random.Below(7), (byte)random.Next(), random.Below(2) == 0 ? random.Next() : random.Below(40 << 20),
                    random.Below(2) == 0 ? random.Next() : FakeHost.Base + random.Below(1 << 20), random.Below(3) == 0 ? random.Next() : random.Below(9000), random.Next());
                if (fixture.Driver.TryPost(command, 1) == Errno.None)
                {
                    fixture.Driver.Wait(out _);
                }
            }

            for (int i = 0; i < 100; i++)
            {
                random.Fill(noise);
                int width = 1 << (int)random.Below(5);
                fixture.Host.WriteRegister(random.Below(4) == 0 ? 2 : 0, random.Below(2) == 0 ? random.Below(0x60) & ~3UL : random.Next(), noise.AsSpan(0, width));
                fixture.Device.ReadRegister((int)random.Below(4), random.Next(), noise.AsSpan(0, width));
                fixture.Scheduler.RunToIdle(1_000_000);
            }
        }
    }

    [Fact]
    public void ADeviceThatIsGone_IsNoticed()
    {
        using GpuFixture fixture = new(3);
        fixture.Driver.TryFill(0, 8, 1, 1);
        fixture.Host.Gone = true;
        Assert.Equal(Errno.ENODEV, fixture.Driver.Wait(out _));
        Assert.Equal(Errno.ENODEV, fixture.Driver.MoveWindow(0));
        Assert.Equal(Errno.ENODEV, GpuDriver.TryOpen(fixture.Host, 4, out _));
    }

    [Fact]
    public void AFullRingAsksToComeAgain_AndALongListNever()
    {
        using GpuFixture fixture = new(4);
        DmaRangeList list = RdmaFixture.List([.. Enumerable.Range(0, 17).Select(i => FakeHost.Range((ulong)i * 8192, 100))]);
        Assert.Equal(Errno.ENOSPC, fixture.Driver.TryCopyToBus(0, list, 1));
        Assert.Equal(Errno.EINVAL, fixture.Driver.TryCopyToBus(0, DmaRangeList.Empty, 1));
        for (ulong i = 0; i < 16; i++)
        {
            Assert.Equal(Errno.None, fixture.Driver.TryFill(i * 8, 8, i, i));
        }

        Assert.Equal(Errno.EAGAIN, fixture.Driver.TryFill(0, 8, 0, 99));
        for (ulong i = 0; i < 16; i++)
        {
            Assert.Equal(i, fixture.Wait().Id);
        }

        Assert.NotEqual(0, fixture.Host.Interrupts[0]);
    }

    [Fact]
    public void SteadyStateAllocatesNothing()
    {
        using GpuFixture fixture = new(5);
        DmaRangeList list = RdmaFixture.List(FakeHost.Range(0, 40_000), FakeHost.Range(0x20000, 40_000));
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            fixture.Driver.TryCopyToBus(100, list, 1);
            fixture.Driver.TryCopyFromBus(list, 500_000, 2);
            if (fixture.Driver.Wait(out GpuJobCompletion first) != Errno.None || fixture.Driver.Wait(out GpuJobCompletion second) != Errno.None
                || !first.IsSuccess || !second.IsSuccess)
            {
                Assert.Fail("a copy failed");
            }
        }));
    }
}
