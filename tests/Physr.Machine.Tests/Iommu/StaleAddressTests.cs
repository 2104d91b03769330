// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Machine.Bus;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Iommu;

/// <summary>A device that goes on using an address after its unmap: what it gets, in strict and in lazy mode.</summary>
public sealed class StaleAddressTests
{
    private const ulong Old = 0x10_0000;

    private readonly byte[] _secret = new byte[256];
    private readonly byte[] _back = new byte[256];

    public StaleAddressTests() => new SeededRandom(15).Fill(_secret);

    [Fact]
    public void StrictlyUnmappedItFaults_AndReadsNothing()
    {
        using IommuHost host = new(IommuPolicy.Strict);
        DmaAddress iova = host.Map(Old, PageSize.Size4K);
        Assert.True(host.Bus.Read(iova, _back, Traffic.Payload).IsSuccess);
        host.Unmap(iova, PageSize.Size4K);

        // The page is somebody else's now.
        host.Machine.Memory.Write(new(Old), _secret);
        Array.Clear(_back);
        Assert.Equal(BusStatus.IommuFault, host.Bus.Read(iova, _back, Traffic.Payload).Status);
        Assert.Equal(new byte[256], _back);
        Assert.Equal(BusStatus.IommuFault, host.Bus.Write(iova, _back, Traffic.Payload).Status);
        host.Machine.Memory.Read(new(Old), _back);
        Assert.Equal(_secret, _back);
        Assert.True(host.Unit.Faults.TryRead(out IommuFault fault));
        Assert.Equal((iova, false, IommuFaultReason.NotMapped), (fault.Address, fault.IsWrite, fault.Reason));
    }

    [Fact]
    public void StrictlyUnmappedAndHandedOutAgain_ItReachesTheNewBytesAlone()
    {
        using IommuHost host = new(IommuPolicy.Strict);
        DmaAddress iova = host.Map(Old, PageSize.Size4K);
        Assert.True(host.Bus.Read(iova, _back, Traffic.Payload).IsSuccess);
        host.Unmap(iova, PageSize.Size4K);
        host.Machine.Memory.Write(new(Old), _secret);
        Assert.Equal(iova, host.Map(0x50_0000, PageSize.Size4K));
        Assert.True(host.Bus.Read(iova, _back, Traffic.Payload).IsSuccess);
        Assert.Equal(new byte[256], _back);
    }

    [Fact]
    public void LazilyUnmappedItReachesTheOldPageForTenMilliseconds_WhoeverOwnsItByThen()
    {
        using IommuHost host = new(IommuPolicy.Lazy);
        DmaAddress iova = host.Map(Old, PageSize.Size4K);
        Assert.True(host.Bus.Read(iova, _back, Traffic.Payload).IsSuccess);
        host.Unmap(iova, PageSize.Size4K);
        host.Machine.Memory.Write(new(Old), _secret);
        Assert.True(host.Bus.Read(iova, _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_secret, _back);
        Assert.NotEqual(iova, host.Map(0x50_0000, PageSize.Size4K));

        // The machine's own clock ends the window.
        host.Machine.Scheduler.RunToIdle();
        Assert.Equal(SimTime.FromNanoseconds(10_000_000), host.Machine.Scheduler.Now);
        Array.Clear(_back);
        Assert.Equal(BusStatus.IommuFault, host.Bus.Read(iova, _back, Traffic.Payload).Status);
        Assert.Equal(new byte[256], _back);
        Assert.Equal(1, host.Domain.Queue!.Flushes);
    }

    [Fact]
    public void WhatTheDeviceNeverUsedIsOutOfReachAtOnce_EvenLazily()
    {
        using IommuHost host = new(IommuPolicy.Lazy);
        DmaAddress iova = host.Map(Old, PageSize.Size4K);
        host.Unmap(iova, PageSize.Size4K);
        Assert.Equal(BusStatus.IommuFault, host.Bus.Read(iova, _back, Traffic.Payload).Status);
    }
}
