// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.PageTables;
using Physr.Machine.Devices;
using Physr.Machine.Fabric;
using Physr.Machine.Gpu;
using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Gpu;

/// <summary>The same drivers on the simulated machine: tables, faults and pages of RAM go over the fabric, and where there is one through the IOMMU.</summary>
public sealed class GpuOnFabricTests
{
    [Theory]
    [InlineData(IommuPolicy.Off)]
    [InlineData(IommuPolicy.Strict)]
    public void AGpuWorksOnPagesOfRam_AndAnIommuFaultHasItsName(IommuPolicy policy)
    {
        HostSpec host = new("AuthenticAMD", 25, null, 1UL << 30, 38_000_000_000, 90)
        {
            Iommu = policy == IommuPolicy.Off ? null : new(IoPageTableFormat.VtdSecondStage, policy, 1024),
        };
        FabricSpec[] fabric =
        [
            new() { Name = "hb0", Kind = FabricKind.HostBridge, VendorId = 0x1022, DeviceId = 0x14a4 },
            new() { Name = "rp0", Kind = FabricKind.RootPort, Under = "hb0", LinkGeneration = 4, LinkLanes = 16 },
            new() { Name = "gpu0", Kind = FabricKind.Gpu, Under = "rp0" },
        ];
        using SimulatedMachine machine = new(host, fabric, static spec => new GpuDevice(spec.Name, new() { MemorySize = 64UL << 20, ApertureSize = 2UL << 20 }), seed: 1);
        FabricNode node = machine.Fabric["gpu0"];
        IDeviceHost gpu = machine.HostOf(node);
        GpuMemoryAllocator memory = new(0, 64UL << 20);
        Assert.Equal(Errno.None, GpuMmuDriver.TryOpen(gpu, memory, 16, out GpuMmuDriver? mmu));
        Assert.Equal(Errno.None, GpuComputeDriver.TryOpen(gpu, mmu!, 4, out GpuComputeDriver? compute));
        Assert.Equal(Errno.None, mmu!.TryCreateContext(out GpuContext? context));
        Assert.Equal(Errno.None, machine.Memory.TryAllocate(16 * 4096, "pages", out PhysicalRange range));
        Assert.True(machine.Mapper.TryMap(machine.DmaOf(node), RangeList.Of(range), DmaDirection.Bidirectional, out DmaMapping? mapping, out _));
        DmaAddress bus = mapping!.Addresses.Seek(0).Range.Start;
        FaultHandler handler = FaultHandler.Mapping(fault => GpuPageTarget.System(bus.Add(fault.Page.Value - 0x10_0000)));
        machine.Memory.SpanAt(range.Start, 16 * 4096).Clear();

        Assert.Equal(Errno.None, compute!.TryTransform(context!, new(0x10_0000), 16 * 4096, 7, 1));
        Assert.Equal(Errno.None, compute.Wait(handler, out GpuComputeResult result));
        Assert.True(result.IsSuccess);
        Assert.All(machine.Memory.SpanAt(range.Start, 16 * 4096).ToArray().Chunk(8), static word => Assert.Equal(GpuMix.Mix(0, 7), BitConverter.ToUInt64(word)));
        Assert.NotEqual(0UL, mmu.Statistics.TlbMisses);

        // The driver gives the pages back and forgets to tell the GPU.
        mapping.Dispose();
        Assert.Equal(Errno.None, compute.TryTransform(context!, new(0x10_0000), 8, 7, 1));
        Assert.Equal(Errno.None, compute.Wait(null, out result));
        Assert.Equal(policy == IommuPolicy.Off ? GpuComputeStatus.Success : GpuComputeStatus.BusError, result.Status);
        Assert.Equal(policy == IommuPolicy.Off ? Bus.BusStatus.Success : Bus.BusStatus.IommuFault, result.BusStatus);

        machine.Memory.Free(range);
        compute.Dispose();
        mmu.Dispose();
        Assert.Equal(0, machine.Memory.Outstanding);
        Assert.Equal(0, memory.Outstanding);
    }
}
