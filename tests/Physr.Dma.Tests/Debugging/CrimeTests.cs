// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;
using static Physr.Dma.DmaDirection;

namespace Physr.Dma.Tests.Debugging;

/// <summary>Each class of mistake, committed through a real mapper where a driver could.</summary>
public sealed class CrimeTests : IDisposable
{
    private readonly DebugRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void R90a_01_ADriverLeavesWithMemoryMapped()
    {
        _rig.Debugger.OnDriverBind(_rig.Direct, "nvme");
        _rig.Map(_rig.Direct, 0x5000, 0x1000);
        _rig.Map(_rig.Direct, 0x9000, 0x800);
        _rig.Debugger.OnDriverUnbind(_rig.Direct);
        DmaDebugReport report = _rig.Only(DmaDebugError.LeakAtUnbind);
        Assert.Equal("nvme", report.Driver);
        Assert.Equal(0x1800UL, report.Size);
        Assert.Equal(0x5000UL, report.Mapping!.Value.Range.Start.Value);
        Assert.Contains("2 mapped", report.Actual, StringComparison.Ordinal);
    }

    [Fact]
    public void R90a_02_TheErrorValueIsUnmapped()
    {
        Assert.NotNull(_rig.Mapper.TryMapPhys(_rig.Direct, new(new(0x1000), 0), ToDevice, DmaAttributes.None, out DmaAddress address));
        _rig.Unmap(_rig.Direct, address, 0x1000, ToDevice);
        Assert.Equal(DmaAddress.MappingError, _rig.Only(DmaDebugError.FreeOfErrorAddress).Address);
    }

    [Fact]
    public void R90a_03_WhatWasNeverMappedIsUnmapped_AndWhatWasUnmappedIsToldApart()
    {
        _rig.Unmap(_rig.Direct, new(0x7000), 0x1000, ToDevice);
        Assert.Null(_rig.Only(DmaDebugError.FreeNeverAllocated).Mapping);
        _rig.Reports.Clear();

        DmaAddress address = _rig.Map(_rig.Translated, 0x5000, 0x1000, ToDevice);
        _rig.Unmap(_rig.Translated, address, 0x1000, ToDevice);
        _rig.Unmap(_rig.Translated, address, 0x1000, ToDevice);
        DmaDebugReport twice = _rig.Only(DmaDebugError.FreeNeverAllocated);
        Assert.Equal(address, twice.Mapping!.Value.Range.Start);
        Assert.Contains("none after event", twice.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void R90a_04_UnmappedWithADifferentSize()
    {
        DmaAddress address = _rig.Map(_rig.Translated, 0x5000, 0x1000, ToDevice);
        _rig.Unmap(_rig.Translated, address, 0x800, ToDevice);
        DmaDebugReport report = _rig.Only(DmaDebugError.FreeDifferentSize);
        Assert.Equal(("4096 bytes, as mapped", "unmapped 2048 bytes"), (report.Expected, report.Actual));
        Assert.Equal(new DmaDebugMapping(_rig.Translated, DmaMapKind.Physical, new(address, 0x1000), new(0x5000), ToDevice, DmaAttributes.None, 0, 1), report.Mapping);
    }

    [Fact]
    public void R90a_04_AnUnmapThatTheMapperRefusedLeavesTheMappingKnown()
    {
        DmaAddress address = _rig.Map(_rig.Translated, 0x5000, 0x1000, ToDevice);
        Assert.Equal(Errno.EINVAL, _rig.Mapper.UnmapPhys(_rig.Translated, address, 0x800, ToDevice, DmaAttributes.None));
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(_rig.Translated, address, 0x1000, ToDevice, DmaAttributes.None));
        _rig.Only(DmaDebugError.FreeDifferentSize);
        Assert.Equal(0, _rig.Debugger.Counters.Live);
    }

    [Fact]
    public void R90a_05_UnmappedByTheWrongFunction()
    {
        Assert.Null(_rig.Mapper.TryAllocateCoherent(_rig.Direct, 0x1000, DmaAttributes.None, out CoherentMemory? memory));
        _rig.Unmap(_rig.Direct, memory!.Address, 0x1000);
        DmaDebugReport report = _rig.Only(DmaDebugError.FreeWrongFunction);
        Assert.Equal(("coherent, as mapped", "unmapped as physical range"), (report.Expected, report.Actual));
    }

    [Fact]
    public void R90a_06_ACoherentBufferIsFreedAtAnotherCpuAddress()
    {
        DmaDebugger debugger = _rig.Debugger;
        debugger.OnMap(_rig.Direct, DmaMapKind.Coherent, new(new(0x3000), 0x1000), new(0x3000), Bidirectional, cpuAddress: 0xffff_8000);
        debugger.OnUnmap(_rig.Direct, DmaMapKind.Coherent, new(0x3000), 0x1000, Bidirectional, cpuAddress: 0xffff_9000);
        DmaDebugReport report = _rig.Only(DmaDebugError.FreeDifferentCpuAddress);
        Assert.Contains("0xffff8000", report.Expected, StringComparison.Ordinal);
        Assert.Contains("0xffff9000", report.Actual, StringComparison.Ordinal);
    }

    [Fact]
    public void R90a_07_AListIsUnmappedWithAnotherNumberOfEntries()
    {
        _rig.Debugger.OnMapList(List([0x1000, 0x3000, 0x5000]));
        _rig.Debugger.OnUnmapList(_rig.Direct, [new PhysicalAddress(0x1000), new PhysicalAddress(0x3000)], ToDevice);
        DmaDebugReport report = _rig.Only(DmaDebugError.FreeListDifferentCount);
        Assert.Equal(("3 entries, as mapped", "unmapped with 2 entries"), (report.Expected, report.Actual));
        Assert.Equal(0, _rig.Debugger.Counters.Live);
    }

    [Fact]
    public void R90a_08_UnmappedWithADifferentDirection()
    {
        DmaAddress address = _rig.Map(_rig.Direct, 0x5000, 0x1000, ToDevice);
        _rig.Unmap(_rig.Direct, address, 0x1000, FromDevice);
        DmaDebugReport report = _rig.Only(DmaDebugError.FreeDifferentDirection);
        Assert.Equal(("to device, as mapped", "unmapped from device"), (report.Expected, report.Actual));
    }

    [Fact]
    public void R90a_09_NobodyAskedWhetherTheMapFailed()
    {
        DmaAddress address = _rig.MapUnchecked(_rig.Direct, 0x5000, 0x1000, ToDevice);
        _rig.Unmap(_rig.Direct, address, 0x1000, ToDevice);
        _rig.Only(DmaDebugError.MapErrorNotChecked);
    }

    [Fact]
    public void R90a_09_EachOfTwoMappingsAtOneAddressIsAskedAbout()
    {
        DmaAddress first = _rig.MapUnchecked(_rig.Direct, 0x5000, 0x1000, ToDevice);
        DmaAddress second = _rig.MapUnchecked(_rig.Direct, 0x5000, 0x1000, ToDevice);
        Assert.Equal(first, second);
        Assert.False(_rig.Mapper.IsMappingError(_rig.Direct, first));
        _rig.Unmap(_rig.Direct, first, 0x1000, ToDevice);
        Assert.Empty(_rig.Reports);
        _rig.Unmap(_rig.Direct, second, 0x1000, ToDevice);
        _rig.Only(DmaDebugError.MapErrorNotChecked);
    }

    [Fact]
    public void R90a_10_UnmappedWithOtherAttributes_OfThoseThatMatter()
    {
        DmaAddress address = _rig.Map(_rig.Direct, 0x5000, 0x1000, ToDevice);
        _rig.Unmap(_rig.Direct, address, 0x1000, ToDevice, DmaAttributes.SkipCpuSync);
        Assert.Empty(_rig.Reports);
        address = _rig.Map(_rig.Direct, 0x5000, 0x1000, ToDevice);
        _rig.Unmap(_rig.Direct, address, 0x1000, ToDevice, DmaAttributes.Mmio);
        _rig.Only(DmaDebugError.FreeDifferentAttributes);
    }

    [Fact]
    public void R90a_11_MemoryOfAStackIsMapped()
    {
        _rig.Map(_rig.Direct, DebugRig.Stack.Start.Value + 0x100, 0x100, ToDevice);
        _rig.Only(DmaDebugError.MapFromStack);
    }

    [Fact]
    public void R90a_11_AStackThatIsGoneIsRamAgain()
    {
        IDisposable stack = _rig.Classifier.Register(new(new(0x300_0000), 0x1000), DmaMemoryKinds.Stack);
        stack.Dispose();
        stack.Dispose();
        _rig.Map(_rig.Direct, 0x300_0000, 0x1000, ToDevice);
        Assert.Empty(_rig.Reports);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void R90a_12_KernelTextIsMapped_WhollyOrByItsLastByte(bool isRodata)
    {
        PhysicalRange text = isRodata ? DebugRig.KernelRodata : DebugRig.KernelCode;
        _rig.Map(_rig.Direct, text.End.Value, 0x1000, ToDevice);
        Assert.Empty(_rig.Reports);
        _rig.Map(_rig.Direct, text.Last.Value, 0x1000, ToDevice);
        _rig.Only(DmaDebugError.MapOfKernelText);
    }

    [Fact]
    public void R90a_12_AListIsLookedAtEntryByEntry()
    {
        Assert.True(_rig.Mapper.TryMap(
            _rig.Direct, DmaRig.List((0x1000, 0x1000), (DebugRig.KernelCode.Start.Value, 0x1000)), ToDevice, DmaAttributes.None, out DmaMapping? mapping, out _));
        Assert.Equal(DebugRig.KernelCode.Start.Value, _rig.Only(DmaDebugError.MapOfKernelText).Address.Value);
        mapping!.Dispose();
    }

    [Fact]
    public void R90a_13_WhatIsNotMappedIsSynced()
    {
        _rig.Mapper.SyncForCpu(_rig.Direct, new(0x5000), 0x100, FromDevice);
        _rig.Only(DmaDebugError.SyncNeverAllocated);
    }

    [Fact]
    public void R90a_14_ASyncGoesBeyondTheMapping()
    {
        DmaAddress address = _rig.Map(_rig.Direct, 0x5000, 0x1000, FromDevice);
        _rig.Mapper.SyncForCpu(_rig.Direct, new(address.Value + 0xf00), 0x100, FromDevice);
        Assert.Empty(_rig.Reports);
        _rig.Mapper.SyncForCpu(_rig.Direct, new(address.Value + 0xf00), 0x101, FromDevice);
        _rig.Only(DmaDebugError.SyncOutsideRange);
    }

    [Fact]
    public void R90a_15_ASyncHasAnotherDirection()
    {
        DmaAddress address = _rig.Map(_rig.Direct, 0x5000, 0x1000, FromDevice);
        _rig.Mapper.SyncForCpu(_rig.Direct, address, 0x1000, ToDevice);
        _rig.Only(DmaDebugError.SyncDifferentDirection);
    }

    [Fact]
    public void R90a_16_WhatTheDeviceOnlyReadsIsSyncedForTheCpu()
    {
        DmaAddress address = _rig.Map(_rig.Direct, 0x5000, 0x1000, ToDevice);
        _rig.Mapper.SyncForCpu(_rig.Direct, address, 0x1000, ToDevice);
        Assert.Empty(_rig.Reports);
        _rig.Mapper.SyncForCpu(_rig.Direct, address, 0x1000, FromDevice);
        Assert.Equal([DmaDebugError.SyncDifferentDirection, DmaDebugError.SyncForCpuOfDeviceReadOnly], _rig.Errors);
    }

    [Fact]
    public void R90a_17_WhatTheDeviceOnlyWritesIsSyncedForIt()
    {
        DmaAddress address = _rig.Map(_rig.Direct, 0x5000, 0x1000, FromDevice);
        _rig.Mapper.SyncForDevice(_rig.Direct, address, 0x1000, FromDevice);
        Assert.Empty(_rig.Reports);
        _rig.Mapper.SyncForDevice(_rig.Direct, address, 0x1000, ToDevice);
        Assert.Equal([DmaDebugError.SyncDifferentDirection, DmaDebugError.SyncForDeviceOfDeviceWriteOnly], _rig.Errors);
    }

    [Fact]
    public void R90a_18_AListIsSyncedWithAnotherNumberOfEntries()
    {
        _rig.Debugger.OnMapList(List([0x1000, 0x3000, 0x5000]));
        _rig.Debugger.OnSyncList(_rig.Direct, [Page(0x1000), Page(0x3000), Page(0x5000)], ToDevice, isForCpu: false);
        Assert.Empty(_rig.Reports);
        _rig.Debugger.OnSyncList(_rig.Direct, [Page(0x1000), Page(0x3000)], ToDevice, isForCpu: false);
        _rig.Only(DmaDebugError.SyncListDifferentCount);
    }

    [Fact]
    public void R90a_19_ASegmentIsLongerThanTheDeviceTakes()
    {
        DmaDevice small = new("small", limits: new() { MaxSegmentSize = 0x1000 });
        _rig.Debugger.OnMapList(List([0x1000], small, 0x1000));
        Assert.Empty(_rig.Reports);
        _rig.Debugger.OnMapList(List([0x5000], small, 0x1001));
        _rig.Only(DmaDebugError.SegmentTooLong);
    }

    [Fact]
    public void R90a_20_ASegmentCrossesABoundary()
    {
        DmaDevice bounded = new("bounded", limits: new() { BoundaryMask = 0xffff });
        _rig.Debugger.OnMapList(List([0xf000], bounded, 0x1000));
        Assert.Empty(_rig.Reports);
        _rig.Debugger.OnMapList(List([0x1f001], bounded, 0x1000));
        _rig.Only(DmaDebugError.SegmentCrossesBoundary);
    }

    [Fact]
    public void R90a_19_AListWhoseLimitsAreAppliedWhileItIsReadHasNoSuchMistake()
    {
        DmaDevice small = new("small", limits: new() { MaxSegmentSize = 0x1000, BoundaryMask = 0xfff });
        Assert.True(_rig.Mapper.TryMap(small, DmaRig.List((0x1000, 0x8000)), ToDevice, DmaAttributes.None, out DmaMapping? mapping, out _));
        mapping!.Dispose();
        Assert.Empty(_rig.Reports);
    }

    [Theory]
    [InlineData(0x60_0000_0000)]
    [InlineData(0x40_0000_0000)]
    public void R90a_21_NothingOrRegistersAreMappedAsIfTheyWereRam(ulong start)
    {
        _rig.MapUnchecked(_rig.Direct, start, 0x1000, ToDevice);
        _rig.Only(DmaDebugError.MapOfInvalidArea);
    }

    [Fact]
    public void R90a_22_AVmallocAreaIsMapped()
    {
        _rig.Map(_rig.Direct, DebugRig.Vmalloc.Start.Value, 0x1000, ToDevice);
        _rig.Only(DmaDebugError.MapOfVmallocArea);
    }

    [Fact]
    public void R90a_23_RamIsMappedAsMmio()
    {
        _rig.Mapper.TryMapPhys(_rig.Direct, new(DebugRig.Bar.Start, 0x1000), ToDevice, DmaAttributes.Mmio, out _);
        Assert.Empty(_rig.Reports);
        Assert.Null(_rig.Mapper.TryMapPhys(_rig.Direct, new(new(0x5000), 0x1000), ToDevice, DmaAttributes.Mmio, out _));
        _rig.Only(DmaDebugError.MmioMapOfRam);
    }

    [Fact]
    public void R90a_24_TwoMappingsThatTheDeviceWritesShareALine()
    {
        DmaAddress first = _rig.Map(_rig.Direct, 0x5000, 0x20, FromDevice);
        _rig.Map(_rig.Direct, 0x5020, 0x20, ToDevice);
        Assert.Empty(_rig.Reports);
        _rig.Map(_rig.Translated, 0x5020, 0x20, FromDevice);
        _rig.Only(DmaDebugError.CachelineOverlap);

        _rig.Unmap(_rig.Direct, first, 0x20, FromDevice);
        _rig.Map(_rig.Direct, 0x5020, 0x20, FromDevice, DmaAttributes.DebuggingIgnoreCachelines);
        _rig.Map(_rig.Direct, 0x5040, 0x20, FromDevice);
        Assert.Single(_rig.Reports);
    }

    [Fact]
    public void R90a_24_MoreThanSevenOverlapsAreToldApart_AndAllAreUncounted()
    {
        for (int i = 0; i < 9; i++)
        {
            _rig.Map(_rig.Direct, 0x5000, 0x40, FromDevice);
        }

        Assert.Equal(8, _rig.Reports.Count);
        Assert.All(_rig.Errors, static error => Assert.Equal(DmaDebugError.CachelineOverlap, error));
        Assert.Equal([false, false, false, false, false, false, false, true], _rig.Reports.Select(static report => report.Actual.Contains("more than 7", StringComparison.Ordinal)));
        for (int i = 0; i < 9; i++)
        {
            _rig.Unmap(_rig.Direct, new(0x5000), 0x40, FromDevice);
        }

        _rig.Reports.Clear();
        _rig.Map(_rig.Direct, 0x5000, 0x40, FromDevice);
        Assert.Empty(_rig.Reports);
    }

    [Fact]
    public void R90a_25_ADevicesPageIsMappedAsAPageOfRam()
    {
        _rig.Map(_rig.Direct, DebugRig.Pmem.Start.Value, 0x1000, ToDevice);
        Assert.Empty(_rig.Reports);
        _rig.Debugger.OnMap(_rig.Direct, DmaMapKind.Page, new(new(DebugRig.Pmem.Start.Value), 0x1000), DebugRig.Pmem.Start, ToDevice);
        _rig.Only(DmaDebugError.MapOfZoneDevicePage);
    }

    [Fact]
    public void AListOfAPeersMemoryIsAsItShouldBe()
    {
        Assert.True(_rig.Mapper.TryMap(_rig.Direct, RangeList.Of(new(DebugRig.Bar.Start, 0x2000), _rig.Peer.Index), ToDevice, DmaAttributes.None, out DmaMapping? mapping, out _));
        mapping!.Dispose();
        Assert.Empty(_rig.Reports);
        Assert.Equal(0, _rig.Debugger.Counters.Live);
    }

    private static DmaRange Page(ulong start) => new(new(start), 0x1000);

    private DmaDebugList List(ulong[] starts, DmaDevice? device = null, ulong length = 0x1000) => new()
    {
        Device = device ?? _rig.Direct,
        Segments = (DmaRange[])[.. starts.Select(start => new DmaRange(new(start), length))],
        Memory = (PhysicalAddress[])[.. starts.Select(static start => new PhysicalAddress(start))],
        Direction = ToDevice,
        AreCut = true,
    };
}
