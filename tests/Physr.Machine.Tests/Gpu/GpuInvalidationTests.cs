// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Mmu;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Gpu;

public sealed class GpuInvalidationTests
{
    [Theory]
    [InlineData(0x1000UL, 0x1000UL)]
    [InlineData(0x0UL, 0x100_0000UL)]
    [InlineData(0x1000UL, 0xFFFF_FFFF_F000UL)]
    [InlineData(0UL, 0UL)]
    public void ADriverThatDoesNotInvalidate_ReachesTheOldPage(ulong start, ulong length)
    {
        using GpuMmuFixture fixture = new(1);
        GpuPageTarget old = GpuPageTarget.Local(fixture.Allocate());
        GpuPageTarget now = GpuMmuFixture.User(0x3000);
        fixture.Map(0x1000, 4096, old);
        Assert.True(fixture.Transform(0x1000).IsSuccess);
        ulong once = GpuMix.Mix(0, 7);
        fixture.Map(0x1000, 4096, now);
        Assert.True(fixture.Transform(0x1000).IsSuccess);
        Assert.Equal(GpuMix.Mix(once, 7), fixture.Word(old));
        Assert.Equal(0UL, fixture.Word(now));

        // A neighbour's invalidation does not help.
        Assert.Equal(Errno.None, fixture.Context.Invalidate(new(0x2000), 0x10_0000));
        Assert.True(fixture.Transform(0x1000).IsSuccess);
        Assert.Equal(0UL, fixture.Word(now));

        Assert.Equal(Errno.None, length == 0 ? fixture.Context.InvalidateAll() : fixture.Context.Invalidate(new(start), length));
        Assert.True(fixture.Transform(0x1000).IsSuccess);
        Assert.Equal(once, fixture.Word(now));
    }

    [Fact]
    public void WhatWasUnmapped_StaysReachableUntilTheInvalidation()
    {
        using GpuMmuFixture fixture = new(1);
        fixture.Map(2UL << 20, 2UL << 20, GpuPageTarget.Local(fixture.Allocate(9)));
        Assert.True(fixture.Transform(2UL << 20).IsSuccess);
        fixture.Context.Unmap(new((2UL << 20) + 0x1000), 4096);
        Assert.True(fixture.Transform((2UL << 20) + 0x1000).IsSuccess);

        // One page of the large leaf, which the cache has as one.
        Assert.Equal(Errno.None, fixture.Context.Invalidate(new((2UL << 20) + 0x1000), 4096));
        Assert.Equal(GpuComputeStatus.FaultCancelled, fixture.Transform((2UL << 20) + 0x1000).Status);
        Assert.True(fixture.Transform(2UL << 20).IsSuccess);
    }

    [Fact]
    public void AllowingMore_NeedsNoInvalidation()
    {
        using GpuMmuFixture fixture = new(1);
        fixture.Map(0x1000, 4096, GpuMmuFixture.User(0), GpuPageFlags.None);
        GpuComputeCommand read = new(GpuComputeOpcode.Copy, 0, 0x8000, 0x1000, 8, 0);
        fixture.Map(0x8000, 4096, GpuMmuFixture.User(0x8000));
        Assert.True(fixture.Run(read).IsSuccess);
        fixture.Context.Protect(new(0x1000), 4096, GpuPageFlags.Writable);
        Assert.True(fixture.Transform(0x1000).IsSuccess);
        Assert.Equal(0UL, fixture.Mmu.Statistics.FaultRecords);

        // Allowing less does: until then the cached right is used.
        fixture.Context.Protect(new(0x1000), 4096, GpuPageFlags.None);
        Assert.True(fixture.Transform(0x1000).IsSuccess);
        Assert.Equal(Errno.None, fixture.Context.Invalidate(new(0x1000), 4096));
        Assert.Equal(GpuComputeStatus.FaultCancelled, fixture.Transform(0x1000).Status);
    }

    [Fact]
    public void AnInvalidationEnds_WhenNoAccessWithTheOldTranslationIsUnderWay()
    {
        using GpuMmuFixture fixture = new(1, invalidateNanoseconds: 1);
        GpuPageTarget page = GpuMmuFixture.User(0x1000);
        fixture.Map(0x1000, 8192, page);
        Assert.Equal(Errno.None, fixture.Compute.TryTransform(fixture.Context, new(0x1000), 4096, 7, 1));
        while (fixture.Host.PayloadTransactions == 0)
        {
            Assert.True(fixture.Scheduler.Step());
        }

        // It has read and not written: what it will write still goes to this page.
        fixture.Context.Unmap(new(0x1000), 4096);
        Assert.Equal(Errno.None, fixture.Context.Invalidate(new(0x2000), 4096));
        Assert.Equal(0UL, fixture.Word(page));
        Assert.Equal(Errno.None, fixture.Context.Invalidate(new(0x1000), 4096));
        Assert.Equal(GpuMix.Mix(0, 7), fixture.Word(page));
        Assert.True(fixture.Device.Mmu.Translate(0, 0x1000, GpuAccess.Read, out _, out _) == GpuTranslateStatus.NotPresent);
        Assert.True(fixture.Wait().IsSuccess);
    }

    [Fact]
    public void AnAccessThatStandsStill_HoldsUpNoInvalidation()
    {
        using GpuMmuFixture fixture = new(1);
        Assert.Equal(Errno.None, fixture.Compute.TryTransform(fixture.Context, new(0x1000), 4096, 7, 1));
        fixture.Scheduler.RunToIdle();
        Assert.Equal(GpuComputeRegisters.StatusReady | GpuComputeRegisters.StatusStalled, fixture.Host.ReadRegister32(0, GpuComputeRegisters.Status));
        Assert.Equal(Errno.None, fixture.Context.InvalidateAll());
        Assert.Equal(1, fixture.Host.Interrupts[GpuMmuRegisters.Vector]);
        Assert.True(fixture.Wait(FaultHandler.Mapping(static _ => GpuMmuFixture.User(0))).IsSuccess);
    }

    [Fact]
    public void ADeviceThatIsGone_IsNoticed()
    {
        using GpuMmuFixture fixture = new(1);
        fixture.Host.Gone = true;
        Assert.Equal(Errno.ENODEV, fixture.Context.InvalidateAll());
        Assert.Equal(Errno.None, fixture.Compute.TryTransform(fixture.Context, new(0), 8, 1, 1));
        Assert.Equal(Errno.ENODEV, fixture.Compute.Wait(null, out _));
        Assert.Equal(Errno.ENODEV, GpuMmuDriver.TryOpen(fixture.Host, fixture.Memory, 4, out _));
        Assert.Equal(Errno.ENODEV, fixture.Copy.CopyPages([new(GpuPageTarget.Local(0), GpuPageTarget.Local(4096))], out int copied));
        Assert.Equal(0, copied);
    }

    [Fact]
    public void WhicheverAllocationFails_EverythingIsGivenBack()
    {
        for (int at = 1; at <= 2; at++)
        {
            FakeHost host = new((ulong)at);
            using Physr.Machine.Gpu.GpuDevice device = new("gpu0", new() { MemorySize = 4UL << 20, ApertureSize = 2UL << 20 });
            host.Plug(device);
            GpuMemoryAllocator memory = new(0, 4UL << 20);
            host.RefuseAllocationAt = at;
            Errno errno = GpuMmuDriver.TryOpen(host, memory, 4, out GpuMmuDriver? mmu);
            errno = errno == Errno.None ? GpuComputeDriver.TryOpen(host, mmu!, 4, out _) : errno;
            Assert.Equal(Errno.ENOMEM, errno);
            mmu?.Dispose();
            Assert.Equal(0, host.LiveBuffers);
            Assert.Equal(0, memory.Outstanding);
        }
    }
}
