// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;
using static Physr.Dma.DmaDirection;

namespace Physr.Dma.Tests.Debugging;

public sealed class MachineryTests
{
    [Fact]
    public void OffCostsNothing_TheMapperIsTheSameObject()
    {
        using DmaRig rig = new();
        Assert.Same(rig.Mapper, DmaDebug.Wear(rig.Mapper, null));
        Assert.NotSame(rig.Mapper, DmaDebug.Wear(rig.Mapper, new(new() { InitialEntries = 1 })));
    }

    [Fact]
    public void R90b_OnlyTheFirstMistakeIsReported_AllAreCounted()
    {
        using DebugRig rig = new(static options => options with { AllErrors = false });
        FreeWhatIsNotMapped(rig, 5);
        Assert.Single(rig.Reports);
        Assert.Equal((5, 5), (rig.Debugger.Counters.Errors, rig.Debugger.CountOf(DmaDebugError.FreeNeverAllocated)));
        rig.Debugger.AllErrors = true;
        FreeWhatIsNotMapped(rig, 2);
        Assert.Equal(3, rig.Reports.Count);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 3)]
    [InlineData(10, 5)]
    public void R90b_AsManyAsAskedForAreReported(int numErrors, int reported)
    {
        using DebugRig rig = new(options => options with { AllErrors = false, NumErrors = numErrors });
        FreeWhatIsNotMapped(rig, 5);
        Assert.Equal(reported, rig.Reports.Count);
    }

    [Fact]
    public void R90c_OnlyTheDriverSoughtIsReported_AndOthersDoNotUseUpTheReports()
    {
        using DebugRig rig = new(static options => options with { AllErrors = false, DriverFilter = "nvme" });
        rig.Debugger.OnDriverBind(rig.Translated, "mlx5_core");
        FreeWhatIsNotMapped(rig, 3);
        rig.Unmap(rig.Translated, new(0x9000), 0x1000);
        Assert.Empty(rig.Reports);
        rig.Debugger.OnDriverBind(rig.Direct, "nvme");
        FreeWhatIsNotMapped(rig, 2);
        Assert.Equal("nvme", rig.Only(DmaDebugError.FreeNeverAllocated).Driver);
        Assert.Equal(6, rig.Debugger.Counters.Errors);
        rig.Debugger.DriverFilter = null;
        rig.Debugger.AllErrors = true;
        rig.Unmap(rig.Translated, new(0x9000), 0x1000);
        Assert.Equal("mlx5_core", rig.Reports[^1].Driver);
    }

    [Fact]
    public void R90d_LeaksAreToldByDevice_TheLargestFirst()
    {
        using DebugRig rig = new();
        rig.Debugger.OnDriverBind(rig.Translated, "nvme");
        rig.Map(rig.Direct, 0x5000, 0x800, ToDevice);
        rig.Map(rig.Translated, 0x9000, 0x3000, ToDevice);
        DmaAddress gone = rig.Map(rig.Translated, 0x20000, 0x8000, ToDevice);
        Assert.True(rig.Mapper.TryMap(rig.Direct, DmaRig.List((0x30000, 0x100), (0x40000, 0x100)), ToDevice, DmaAttributes.None, out DmaMapping? list, out _));
        rig.Unmap(rig.Translated, gone, 0x8000, ToDevice);
        IReadOnlyList<DmaLeak> leaks = rig.Debugger.Leaks();
        Assert.Equal([("translated", "nvme", 1, 0x3000UL), ("direct", null, 3, 0xa00UL)], leaks.Select(static leak => (leak.Device.Name, leak.Driver, leak.Count, leak.Bytes)));
        Assert.Equal(0x5000UL, leaks[1].Sample.Range.Start.Value);
        Assert.Equal([0x5000UL, 0x30000UL, 0x40000UL], rig.Debugger.Dump(rig.Direct).Select(static mapping => mapping.Range.Start.Value));
        list!.Dispose();
        Assert.Equal(2, rig.Debugger.Counters.Live);
    }

    [Fact]
    public void R91a_ADebuggerThatCannotGrowDisablesItselfOnce_AndTheMapperGoesOn()
    {
        List<string> warnings = [];
        using DebugRig rig = new(options => options with { InitialEntries = 2, MaxEntries = 3, Warn = warnings.Add });
        DmaAddress[] mapped = [.. Enumerable.Range(1, 5).Select(i => rig.Map(rig.Direct, (ulong)i << 16, 0x1000, ToDevice))];
        Assert.False(rig.Debugger.IsEnabled);
        Assert.Contains("disabled", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.All(mapped, address => Assert.Equal(Errno.None, rig.Mapper.UnmapPhys(rig.Direct, address, 0x1000, ToDevice, DmaAttributes.None)));
        Assert.Empty(rig.Reports);
        rig.Rig.AssertIdle();
    }

    [Fact]
    public void R91a_WhicheverGrowthFails_NothingIsSaidThatIsNotSo()
    {
        FailNth.Repeat(least: 2, gate =>
        {
            using DebugRig rig = new(options => options with { InitialEntries = 0, AllocationGate = gate });
            for (ulong i = 1; i < 40; i++)
            {
                DmaAddress address = rig.Map(rig.Translated, i << 16, 0x1000, FromDevice);
                DmaAddress kept = rig.Map(rig.Direct, (i << 16) + 0x4000, 0x1000, FromDevice);
                rig.Unmap(rig.Translated, address, 0x1000, FromDevice);
                if (i % 2 == 0)
                {
                    rig.Unmap(rig.Direct, kept, 0x1000, FromDevice);
                }
            }

            Assert.Empty(rig.Reports);
            return rig.Debugger.IsEnabled;
        });
    }

    [Fact]
    public void R90_SteadyTrafficAllocatesNothing()
    {
        using DebugRig rig = new();
        DmaDebugger debugger = rig.Debugger;
        DmaRange[] segments = [new(new(0x10000), 0x1000), new(new(0x20000), 0x2000)];
        PhysicalAddress[] memory = [new(0x10000), new(0x20000)];
        long allocated = AllocationProbe.Least(() =>
        {
            for (ulong i = 1; i < 500; i++)
            {
                DmaAddress address = new(i << 13);
                debugger.OnMap(rig.Direct, DmaMapKind.Physical, new(address, 0x1000), new(i << 13), FromDevice);
                debugger.OnMappingErrorChecked(rig.Direct, address);
                debugger.OnSync(rig.Direct, address, 0x800, FromDevice, isForCpu: true);
                debugger.OnDeviceAccess(rig.Direct, new(address, 0x1000), isWrite: true);
                debugger.OnMapList(new() { Device = rig.Translated, Segments = segments, Memory = memory, Direction = ToDevice });
                debugger.OnSyncList(rig.Translated, segments, ToDevice, isForCpu: false);
                debugger.OnUnmapList(rig.Translated, memory, ToDevice);
                debugger.OnUnmap(rig.Direct, DmaMapKind.Physical, address, 0x1000, FromDevice, DmaAttributes.None);
            }
        });
        Assert.Empty(rig.Reports);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void ManyThreadsShareADebugger()
    {
        using DebugRig rig = new();
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(n => new Thread(() =>
        {
            for (ulong i = 0; i < 2000; i++)
            {
                ulong start = ((ulong)n << 24) + 0x280_0000 + (i % 64 << 13);
                DmaAddress address = rig.Map(rig.Translated, start, 0x1000, FromDevice);
                rig.Mapper.SyncForCpu(rig.Translated, address, 0x100, FromDevice);
                rig.Unmap(rig.Translated, address, 0x1000, FromDevice);
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.Empty(rig.Reports);
        Assert.Equal(0, rig.Debugger.Counters.Live);
        rig.Rig.AssertIdle();
    }

    [Fact]
    public void AReportIsOneLine()
    {
        using DebugRig rig = new();
        rig.Debugger.OnDriverBind(rig.Direct, "nvme");
        DmaAddress address = rig.Map(rig.Direct, 0x5000, 0x1000, ToDevice);
        rig.Unmap(rig.Direct, address, 0x800, ToDevice);
        Assert.Equal(
            "dma-debug: nvme direct: unmaps with a different size [address 0x5000] [unmapped 2048 bytes; expected 4096 bytes, as mapped]",
            rig.Only(DmaDebugError.FreeDifferentSize).ToString());
    }

    private static void FreeWhatIsNotMapped(DebugRig rig, int times)
    {
        for (int i = 0; i < times; i++)
        {
            rig.Unmap(rig.Direct, new(0x5000), 0x1000);
        }
    }
}
