// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;
using Physr.Machine.Bus;
using Physr.Machine.Fabric;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Fabric;

namespace Physr.Machine.Tests.Iommu;

/// <summary>Behind an IOMMU bytes go where a device's own translation leads, or nowhere.</summary>
public sealed class TranslationTests
{
    private const ulong Page = PageSize.Size4K;

    private readonly byte[] _bytes = new byte[3 * Page];
    private readonly byte[] _back = new byte[3 * Page];

    public TranslationTests() => new SeededRandom(11).Fill(_bytes);

    [Fact]
    public void AnAddressLeadsWhereItIsMapped_AndIsWalkedOnce()
    {
        using IommuHost host = new();
        DmaAddress iova = host.Map(0x1_4000_0000, Page);
        Assert.True(host.Bus.Write(iova.Add(0x10), _bytes.AsSpan(0, 0x100), Traffic.Payload).IsSuccess);
        Assert.True(host.Bus.Read(iova.Add(0x10), _back.AsSpan(0, 0x100), Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes[..0x100], _back[..0x100]);
        host.Machine.Memory.Read(new(0x1_4000_0010), _back.AsSpan(0, 0x100));
        Assert.Equal(_bytes[..0x100], _back[..0x100]);
        Assert.Equal((1, 1), ((int)host.Unit.Statistics.Hits, (int)host.Unit.Statistics.Misses));

        // The walk's reads come out of DRAM, and are counted as what they are.
        Assert.Equal((ulong)host.Unit.TableReads * 8, host.Machine.Fabric.Dram.ControlBytes);
        Assert.Contains("sw0 -> rp0", host.Machine.Fabric.Explain(host.A, iova), StringComparison.Ordinal);
    }

    [Fact]
    public void AWalkTakesTime_AHitTakesNone()
    {
        using IommuHost host = new();
        using TestHost without = new();
        DmaAddress iova = host.Map(0x10_0000, Page);
        SimTime direct = without.Device("a").Bus.Write(new(0x10_0000), _bytes.AsSpan(0, 64), Traffic.Payload).FinishedAt;
        SimTime missed = host.Bus.Write(iova, _bytes.AsSpan(0, 64), Traffic.Payload).FinishedAt;
        Assert.True(missed.Picoseconds >= direct.Picoseconds + ((ulong)host.Unit.TableReads * 90_000), $"{missed} after {direct}");
        host.Machine.Scheduler.After(SimTime.FromNanoseconds(1_000_000), new Nothing(), 0);
        host.Machine.Scheduler.RunToIdle();
        SimTime now = host.Machine.Scheduler.Now;
        Assert.Equal(direct, host.Bus.Write(iova, _bytes.AsSpan(0, 64), Traffic.Payload).FinishedAt.Since(now));
    }

    [Fact]
    public void PagesThatLieApartAreFoundOneByOne_AndThoseInOneRunMoveTogether()
    {
        using IommuHost host = new();
        Assert.Equal(Errno.None, host.Domain.Iova.TryAllocate(4 * Page, ulong.MaxValue, out DmaAddress iova));
        ulong[] physical = [0x20_3000, 0x20_4000, 0x1_4000_0000, 0x10_0000];
        for (int i = 0; i < physical.Length; i++)
        {
            host.Domain.Domain.Map(iova.Add((ulong)i * Page), new(physical[i]), Page, IommuAccess.Read | IommuAccess.Write);
        }

        Assert.True(host.Bus.Write(iova.Add(0x800), _bytes, Traffic.Payload).IsSuccess);
        Assert.True(host.Bus.Read(iova.Add(0x800), _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes, _back);
        Assert.Equal(4, host.Unit.Statistics.Misses);
        Assert.Equal(4, host.Unit.Statistics.Hits);
        host.Machine.Memory.Read(new(0x20_3800), _back.AsSpan(0, 0x1800));
        host.Machine.Memory.Read(new(0x1_4000_0000), _back.AsSpan(0x1800, 0x1000));
        host.Machine.Memory.Read(new(0x10_0000), _back.AsSpan(0x2800, 0x800));
        Assert.Equal(_bytes, _back);
    }

    [Fact]
    public void ARunThatLeavesRamEndsThere_AndNothingOfItLandsElsewhere()
    {
        // Physically contiguous over the end of RAM, and then somewhere else: what was asked of the third page must not serve the second.
        using IommuHost host = new();
        ulong end = host.Machine.Fabric.Layout.High.End.Value;
        Assert.Equal(Errno.None, host.Domain.Iova.TryAllocate(4 * Page, ulong.MaxValue, out DmaAddress iova));
        host.Domain.Domain.Map(iova, new(end - Page), Page, IommuAccess.Read | IommuAccess.Write);
        host.Domain.Domain.Map(iova.Add(Page), new(end), Page, IommuAccess.Read | IommuAccess.Write);
        host.Domain.Domain.Map(iova.Add(2 * Page), new(0x10_0000), Page, IommuAccess.Read | IommuAccess.Write);
        Assert.Equal(BusStatus.UnsupportedRequest, host.Bus.Write(iova, _bytes, Traffic.Payload).Status);
        host.Machine.Memory.Read(new(end - Page), _back.AsSpan(0, (int)Page));
        Assert.Equal(_bytes[..(int)Page], _back[..(int)Page]);
        host.Machine.Memory.Read(new(0x10_0000), _back.AsSpan(0, (int)Page));
        Assert.Equal(new byte[Page], _back[..(int)Page]);
    }

    [Fact]
    public void AnUnmappedAddressFaults_NoByteMoves_AndTheLogHasOneRecord()
    {
        using IommuHost host = new();
        DmaAddress iova = host.Map(0x10_0000, Page);
        Assert.Equal(BusStatus.IommuFault, host.Bus.Write(iova.Add(Page - 0x100), _bytes.AsSpan(0, 0x300), Traffic.Payload).Status);
        Assert.True(host.Unit.Faults.TryRead(out IommuFault fault));
        Assert.Equal((iova.Add(Page), true, IommuFaultReason.NotMapped), (fault.Address, fault.IsWrite, fault.Reason));
        Assert.Equal(host.A.Address.ToString(), fault.Requester.ToString());
        Assert.Equal(0, host.Unit.Faults.Count);

        // What came before the hole has arrived, as the packets before it would have; the page after it has not.
        host.Machine.Memory.Read(new(0x10_0f00), _back.AsSpan(0, 0x200));
        Assert.Equal(_bytes[..0x100], _back[..0x100]);
        Assert.Equal(new byte[0x100], _back[0x100..0x200]);
    }

    [Fact]
    public void WhatIsMappedForReadingIsNotWritten()
    {
        using IommuHost host = new();
        DmaAddress iova = host.Map(0x10_0000, Page, IommuAccess.Read);
        Assert.Equal(BusStatus.IommuFault, host.Bus.Write(iova, _bytes.AsSpan(0, 64), Traffic.Payload).Status);
        Assert.True(host.Bus.Read(iova, _back.AsSpan(0, 64), Traffic.Payload).IsSuccess);
        Assert.Equal(new byte[64], _back[..64]);
        Assert.True(host.Unit.Faults.TryRead(out IommuFault fault));
        Assert.Equal(IommuFaultReason.WriteDenied, fault.Reason);
    }

    [Fact]
    public void APhysicalAddressIsNoneForADeviceBehindAnIommu()
    {
        using IommuHost host = new();
        Assert.Equal(BusStatus.IommuFault, host.Bus.Read(new(0x10_0000), _back.AsSpan(0, 64), Traffic.Payload).Status);
        Assert.Equal(BusStatus.IommuFault, host.Bus.Read(new(0xffff_ffff_ffff_0000), _back.AsSpan(0, 64), Traffic.Payload).Status);
        Assert.Contains("refuses", host.Machine.Fabric.Explain(host.A, new(0x10_0000)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(IommuPolicy.Passthrough)]
    [InlineData(IommuPolicy.Off)]
    public void InPassthroughAPhysicalAddressIsOne_AsWithoutAnIommu(IommuPolicy policy)
    {
        using IommuHost host = new(policy);
        Assert.Null(host.Machine.DmaOf(host.A).Domain);
        Assert.Equal(policy == IommuPolicy.Off, host.Machine.Iommu is null);
        Assert.True(host.Bus.Write(new(0x10_0000), _bytes, Traffic.Payload).IsSuccess);
        Assert.True(host.Bus.Read(new(0x10_0000), _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes, _back);
        Assert.Equal(BusStatus.UnsupportedRequest, host.Bus.Read(new(0xffff_ffff_ffff_ff00), _back.AsSpan(0, 0xff), Traffic.Payload).Status);
        host.Bus.RaiseInterrupt(0);
    }

    [Fact]
    public void InterruptsArriveUntranslated()
    {
        using IommuHost host = new();
        Assert.True(host.Bus.Write(new(0xfee0_0000), [1, 2, 3, 4], Traffic.Control).IsSuccess);
        Assert.Equal((0, 0), ((int)host.Unit.Faults.Total, (int)host.Unit.Statistics.Misses));
    }

    [Fact]
    public void AddressesThatTheBusOrInterruptsClaimAreNeverHandedOut()
    {
        using IommuHost host = new(busOffset: 0x1000_0000_0000);
        DmaRange[] claimed = [IommuUnit.InterruptWindow, .. host.A.HostBridge.RootWindows.Select(window =>
            new DmaRange(new(BarAssignment.ToBus(host.A.HostBridge, window.Start.Value)), window.Length))];
        Assert.True(claimed.Length > 2);
        int count = 0;
        for (ulong length = 1UL << 30; length >= 1UL << 20; length /= 2)
        {
            // 32 bits, where the windows are among the addresses to be had, are taken whole.
            while (host.Domain.Iova.TryAllocate(length, uint.MaxValue, out DmaAddress iova) == Errno.None)
            {
                count++;
                Assert.DoesNotContain(claimed, range => range.Overlaps(new(iova, length)));
            }
        }

        Assert.True(count > 8);
    }

    [Fact]
    public void DevicesDoNotReachEachOthersMappings()
    {
        using IommuHost host = new();
        DmaAddress iova = host.Map(0x10_0000, Page);
        Assert.True(host.Bus.Write(iova, _bytes.AsSpan(0, 64), Traffic.Payload).IsSuccess);
        Assert.Equal(BusStatus.IommuFault, host.Host.Device("b").Bus.Read(iova, _back.AsSpan(0, 64), Traffic.Payload).Status);
        Assert.Equal(BusStatus.IommuFault, host.Host.Device("c").Bus.Read(iova, _back.AsSpan(0, 64), Traffic.Payload).Status);
    }

    [Fact]
    public void ADeviceHandedOutIsTranslatedByWhatItsNewOwnerAttaches_AndByNothingOfTheKernels()
    {
        using IommuHost host = new();
        DmaAddress kernels = host.Map(0x10_0000, Page);
        Assert.True(host.Bus.Write(kernels, _bytes.AsSpan(0, 64), Traffic.Payload).IsSuccess);
        IommuDevice device = host.Machine.Iommu!.DeviceOf(host.A);
        Assert.Equal(3, device.ReservedRanges.Count);
        Assert.Equal(Errno.None, device.TryCreateDomain(IommuDomainRequest.Paging(), out IIommuDomain? domain));
        Assert.Equal(Errno.None, device.Attach(domain!, 0));
        Assert.Equal(BusStatus.IommuFault, host.Bus.Write(kernels, _bytes.AsSpan(0, 64), Traffic.Payload).Status);
        domain!.Map(new(0x7000), new(0x30_0000), Page, IommuAccess.Read | IommuAccess.Write);
        Assert.True(host.Bus.Write(new(0x7010), _bytes.AsSpan(0, 64), Traffic.Payload).IsSuccess);
        host.Machine.Memory.Read(new(0x30_0010), _back.AsSpan(0, 64));
        Assert.Equal(_bytes[..64], _back[..64]);

        // Given back, it is attached to nothing until the kernel attaches it again.
        device.Detach(0);
        Assert.Equal(BusStatus.IommuFault, host.Bus.Write(new(0x7010), _bytes.AsSpan(0, 64), Traffic.Payload).Status);
        Assert.Equal(Errno.None, device.Attach(host.Domain.Domain, 0));
        Assert.True(host.Bus.Write(kernels, _bytes.AsSpan(0, 64), Traffic.Payload).IsSuccess);
        ((IommuDomain)domain).Dispose();
    }

    [Fact]
    public void ASteadyTranslatedTransferAllocatesNothing()
    {
        using IommuHost host = new(iotlb: 8);
        DmaAddress iova = host.Map(0x1_4000_0000, 64 * Page);
        byte[] large = new byte[64 * Page];
        IDeviceBus bus = host.Bus;
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                bus.Write(iova, large, Traffic.Payload);
                bus.Read(iova, large, Traffic.Payload);
            }
        }));
        Assert.NotEqual(0, host.Unit.Statistics.Evictions);
    }

    private sealed class Nothing : ISimulated
    {
        public void OnEvent(int kind, ulong argument)
        {
        }
    }
}
