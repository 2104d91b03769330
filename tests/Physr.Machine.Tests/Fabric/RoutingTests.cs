// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Fabric;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Pci.Spec;

namespace Physr.Machine.Tests.Fabric;

/// <summary>Bytes arrive where the rules say they may, by the links they say, and nowhere else.</summary>
public sealed class RoutingTests
{
    private const ushort RequestRedirect = (ushort)AcsControl.RequestRedirect;
    private const ushort CompletionRedirect = (ushort)AcsControl.CompletionRedirect;

    private readonly byte[] _bytes = new byte[4096];
    private readonly byte[] _back = new byte[4096];

    public RoutingTests() => new SeededRandom(7).Fill(_bytes);

    [Theory]
    [InlineData(0UL)]
    [InlineData(0x1000_0000_0000UL)]
    public void R53a_BelowOneSwitchAWriteCrossesTheSwitchAndNoOtherLink(ulong busOffset)
    {
        using TestHost host = new(busOffset: busOffset);
        DmaEntry target = host.Map("a", "b");
        Assert.True(target.IsBusAddress);
        Assert.True(host.Device("a").Bus.Write(target.Range.Start.Add(0x100), _bytes, Traffic.Payload).IsSuccess);
        host.Device("b").Memory.Read(0x100, _back);
        Assert.Equal(_bytes, _back);
        Assert.Equal(4096UL, host.Carried("a", "sw0"));
        Assert.Equal(4096UL, host.Carried("sw0", "b"));
        Assert.Equal(0UL, host.Carried("sw0", "rp0"));
        Assert.Equal(0UL, host.Machine.Fabric.Dram.PayloadBytes);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(0x1000_0000_0000UL)]
    public void R53b_AcrossRootPortsAWriteGoesThroughTheRootComplex(ulong busOffset)
    {
        using TestHost host = new(busOffset: busOffset);
        DmaEntry target = host.Map("a", "c");
        Assert.False(target.IsBusAddress);
        Assert.True(host.Device("a").Bus.Write(target.Range.Start, _bytes, Traffic.Payload).IsSuccess);
        host.Device("c").Memory.Read(0, _back);
        Assert.Equal(_bytes, _back);
        Assert.Equal(4096UL, host.Carried("sw0", "rp0"));
        Assert.Equal(4096UL, host.Carried("rp1", "c"));
        Assert.Equal(0UL, host.Machine.Fabric.Dram.PayloadBytes);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(0x1000_0000_0000UL)]
    public void R50a_WithRequestRedirectTheSameWriteTakesTheWayOverTheRootComplex(ulong busOffset)
    {
        using TestHost host = new(busOffset: busOffset, acsA: RequestRedirect);
        DmaEntry target = host.Map("a", "b");
        Assert.False(target.IsBusAddress);
        Assert.True(host.Device("a").Bus.Write(target.Range.Start, _bytes, Traffic.Payload).IsSuccess);
        host.Device("b").Memory.Read(0, _back);
        Assert.Equal(_bytes, _back);
        Assert.Equal(4096UL, host.Carried("sw0", "rp0"));
        Assert.Equal(4096UL, host.Carried("rp0", "sw0"));
        Assert.Equal(4096UL, host.Carried("sw0", "b"));
    }

    [Fact]
    public void R50a_WithCompletionRedirectAReadsBytesComeBackOverTheRootComplex()
    {
        using TestHost host = new(acsB: CompletionRedirect);

        // The request itself crosses the switch; only what comes back is redirected.
        DmaAddress target = new(host.Memory("b").Start.Value);
        host.Device("b").Memory.Write(0, _bytes);
        Assert.True(host.Device("a").Bus.Read(target, _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes, _back);
        Assert.Equal(4096UL, host.Carried("b", "sw0"));
        Assert.Equal(4096UL, host.Carried("sw0", "rp0"));
        Assert.Equal(4096UL, host.Carried("rp0", "sw0"));
        Assert.Equal(4096UL, host.Carried("sw0", "a"));
    }

    [Fact]
    public void R50a_WithRequestRedirectAloneAReadsBytesComeBackAcrossTheSwitch()
    {
        // Only the request is redirected: completions are routed by id, and no port sends them up.
        using TestHost host = new(acsA: RequestRedirect);
        host.Device("b").Memory.Write(0, _bytes);
        Assert.True(host.Device("a").Bus.Read(host.Map("a", "b").Range.Start, _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes, _back);
        Assert.Equal(4096UL, host.Carried("b", "sw0"));
        Assert.Equal(4096UL, host.Carried("sw0", "a"));
        Assert.Equal(0UL, host.Carried("sw0", "rp0"));
    }

    [Fact]
    public void R53b_AReadAcrossRootPortsComesBackThroughTheRootComplex()
    {
        using TestHost host = new();
        host.Device("c").Memory.Write(0, _bytes);
        Assert.True(host.Device("a").Bus.Read(host.Map("a", "c").Range.Start, _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes, _back);
        Assert.Equal(4096UL, host.Carried("c", "rp1"));
        Assert.Equal(4096UL, host.Carried("rp0", "sw0"));
        Assert.Equal(4096UL, host.Carried("sw0", "a"));
    }

    [Fact]
    public void R53c_WhereTheHostBridgeIsNotListedTheMapperRefuses_AndTheHardwareWouldToo()
    {
        using TestHost host = new(cpu: "GenuineIntel", family: 6);
        Assert.Equal(Errno.EREMOTEIO, Assert.Throws<PhysrException>(() => host.Map("a", "c")).Errno);
        BusCompletion forced = host.Device("a").Bus.Write(new(host.Memory("c").Start.Value), _bytes, Traffic.Payload);
        Assert.Equal(BusStatus.UnsupportedRequest, forced.Status);
        host.Device("c").Memory.Read(0, _back);
        Assert.Equal(new byte[4096], _back);
    }

    [Fact]
    public void AWrongMappingEndsInABusError_NotInOtherBytes()
    {
        // The physical address on a bus whose addresses differ: nothing below the switch claims it, and the root complex sends it where the CPU would.
        using TestHost host = new(cpu: "GenuineIntel", family: 6, busOffset: 0x1000_0000_0000);
        BusCompletion wrong = host.Device("a").Bus.Write(new(host.Memory("b").Start.Value), _bytes, Traffic.Payload);
        Assert.Equal(BusStatus.UnsupportedRequest, wrong.Status);
        host.Device("b").Memory.Read(0, _back);
        Assert.Equal(new byte[4096], _back);
    }

    [Fact]
    public void R52b_ChangingAcsAtRunTimeChangesVerdictAndRouteTogether()
    {
        using TestHost host = new();
        Assert.True(host.Map("a", "b").IsBusAddress);
        FabricNode port = host.Machine.Fabric["p0"];
        port.Config.FindAcs(out int offset, out _);
        port.Config.WriteWord(offset + AcsCapability.Control, RequestRedirect);
        DmaEntry target = host.Map("a", "b");
        Assert.False(target.IsBusAddress);
        Assert.True(host.Device("a").Bus.Write(target.Range.Start, _bytes, Traffic.Payload).IsSuccess);
        Assert.Equal(4096UL, host.Carried("sw0", "rp0"));
    }

    [Theory]
    [InlineData(0x10_0000UL)]
    [InlineData(0x1_4000_0000UL)]
    public void RamIsReachedBelowAndAboveTheHole_AndCountedInDram(ulong address)
    {
        using TestHost host = new();
        Assert.True(host.Device("a").Bus.Write(new(address), _bytes, Traffic.Payload).IsSuccess);
        Assert.True(host.Device("c").Bus.Read(new(address), _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes, _back);
        Assert.Equal(8192UL, host.Machine.Fabric.Dram.PayloadBytes);
    }

    [Theory]
    [InlineData(0x1_c000_0000UL - 0x800)]
    [InlineData(0xffff_ffff_ffff_0000UL)]
    public void AnAccessThatLeavesWhatIsThereFails(ulong address)
    {
        using TestHost host = new();
        Assert.NotEqual(BusStatus.Success, host.Device("a").Bus.Write(new(address), _bytes, Traffic.Payload).Status);
    }

    [Fact]
    public void ADeviceWithoutBusMasteringReachesNothing()
    {
        using TestHost host = new();
        host.Machine.Fabric["a"].Config.WriteWord(ConfigRegister.Command, (ushort)PciCommand.MemorySpace);
        Assert.Equal(BusStatus.UnsupportedRequest, host.Device("a").Bus.Write(new(0x10_0000), _bytes, Traffic.Payload).Status);
    }

    [Fact]
    public void ATargetWithoutMemoryDecodingDoesNotAnswer()
    {
        using TestHost host = new();
        DmaEntry target = host.Map("a", "b");
        host.Machine.Fabric["b"].Config.WriteWord(ConfigRegister.Command, 0);
        Assert.Equal(BusStatus.UnsupportedRequest, host.Device("a").Bus.Write(target.Range.Start, _bytes, Traffic.Payload).Status);
    }

    [Fact]
    public void ADownLinkAndARemovedDeviceFailByName_AndNoByteArrives()
    {
        using TestHost host = new();
        DmaEntry target = host.Map("a", "b");
        host.Machine.Fabric["p1"].Link!.IsUp = false;
        Assert.Equal(BusStatus.LinkDown, host.Device("a").Bus.Write(target.Range.Start, _bytes, Traffic.Payload).Status);
        host.Machine.Fabric["p1"].Link!.IsUp = true;
        host.Machine.Fabric.Remove(host.Machine.Fabric["b"]);
        Assert.Equal(BusStatus.DeviceGone, host.Device("a").Bus.Write(target.Range.Start, _bytes, Traffic.Payload).Status);
        host.Device("b").Memory.Read(0, _back);
        Assert.Equal(new byte[4096], _back);
    }

    [Theory]
    [InlineData(FaultKind.LinkDown, BusStatus.LinkDown)]
    [InlineData(FaultKind.SurpriseRemoval, BusStatus.DeviceGone)]
    [InlineData(FaultKind.UnsupportedRequest, BusStatus.UnsupportedRequest)]
    [InlineData(FaultKind.LateCompletion, BusStatus.CompletionTimeout)]
    [InlineData(FaultKind.DmaError, BusStatus.Poisoned)]
    public void AnInjectedFaultHitsTheNthTransactionOfItsTarget(FaultKind kind, BusStatus status)
    {
        using TestHost host = new();
        host.Machine.Fabric.Faults = new([new(kind, "a", 3, null)]);
        IDeviceBus bus = host.Device("a").Bus;
        Assert.True(bus.Write(new(0x10_0000), _bytes, Traffic.Payload).IsSuccess);
        Assert.True(host.Device("c").Bus.Write(new(0x10_0000), _bytes, Traffic.Payload).IsSuccess);
        Assert.True(bus.Write(new(0x10_0000), _bytes, Traffic.Payload).IsSuccess);
        Assert.Equal(status, bus.Write(new(0x20_0000), _bytes, Traffic.Payload).Status);
        host.Machine.Fabric.Ram.Read(0x20_0000, _back);
        Assert.Equal(new byte[4096], _back);
        Assert.Single(host.Machine.Fabric.Faults.Injected);
    }

    [Fact]
    public void TheCpuReachesRegistersOverTheFabric_AndReadsAllOnesFromAnEmptySlot()
    {
        using TestHost host = new();
        IDeviceHost driver = host.Machine.HostOf(host.Machine.Fabric["b"]);
        driver.WriteRegister32(0, 0x10, 0x1234_5678);
        Assert.Equal(0x1234_5678u, host.Device("b").LastRegisterWrite);
        Assert.Equal(0x2020_2020u, driver.ReadRegister32(0, 0x20));
        host.Machine.Fabric.Remove(host.Machine.Fabric["b"]);
        Assert.Equal(uint.MaxValue, driver.ReadRegister32(0, 0x20));
    }

    [Fact]
    public void ABufferThatNoSpanCanShow_IsRefusedAndGivenBack()
    {
        using TestHost host = new();
        IDeviceHost driver = host.Machine.HostOf(host.Machine.Fabric["a"]);
        int before = host.Machine.Memory.Outstanding;
        Assert.Equal(Errno.EINVAL, driver.TryAllocate(SparseMemory.ChunkSize, "too much", out IDeviceBuffer? buffer));
        Assert.Null(buffer);
        Assert.Equal(before, host.Machine.Memory.Outstanding);
    }

    [Fact]
    public void WhenRamIsTaken_ABufferIsRefusedAsAResult()
    {
        using TestHost host = new();
        IDeviceHost driver = host.Machine.HostOf(host.Machine.Fabric["a"]);
        for (ulong length = 4UL << 30; length >= PageSize.Size4K; length /= 2)
        {
            while (host.Machine.Memory.TryAllocate(length, "everything", out _) == Errno.None)
            {
            }
        }

        int before = host.Machine.Memory.Outstanding;
        Assert.Equal(Errno.ENOMEM, driver.TryAllocate(PageSize.Size4K, "one page more", out IDeviceBuffer? buffer));
        Assert.Null(buffer);
        Assert.Equal(before, host.Machine.Memory.Outstanding);
    }

    [Fact]
    public void ASteadyTransferAllocatesNothing()
    {
        using TestHost host = new();
        DmaAddress target = host.Map("a", "b").Range.Start;
        IDeviceBus bus = host.Device("a").Bus;
        bus.Write(target, _bytes, Traffic.Payload);
        bus.Read(target, _back, Traffic.Payload);
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                bus.Write(target, _bytes, Traffic.Payload);
                bus.Read(target, _back, Traffic.Payload);
            }
        }));
    }

    [Fact]
    public void TimeFollowsTheSlowestLinkOnTheWay()
    {
        using TestHost host = new();
        byte[] mebibyte = new byte[1 << 20];
        SimTime narrow = host.Device("c").Bus.Write(host.Map("c", "a").Range.Start, mebibyte, Traffic.Payload).FinishedAt;
        double seconds = LinkRate.OnWire(1 << 20) / (double)LinkRate.BytesPerSecond(4, 4);
        Assert.InRange(narrow.Seconds, seconds, seconds * 1.01);
    }

    [Fact]
    public void EventsOfARemovedDeviceAreDropped()
    {
        using TestHost host = new();
        host.Device("a").Bus.ScheduleAt(SimTime.FromNanoseconds(10), 1, 42);
        host.Device("b").Bus.ScheduleAt(SimTime.FromNanoseconds(10), 2, 43);
        host.Machine.Fabric.Remove(host.Machine.Fabric["a"]);
        host.Machine.Scheduler.RunToIdle();
        Assert.Empty(host.Device("a").Events);
        Assert.Equal([(2, 43UL)], host.Device("b").Events);
    }
}
