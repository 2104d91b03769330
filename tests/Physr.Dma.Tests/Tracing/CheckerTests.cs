// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Dma.Debugging;
using Physr.Dma.Tracing;

namespace Physr.Dma.Tests.Tracing;

public sealed class CheckerTests
{
    [Fact]
    public void ACleanTraceIsClean()
    {
        DmaTraceResult result = TraceText.Check(Example("dma-trace-clean.txt"));
        Assert.True(result.IsClean);
        Assert.Equal((5, 0, 0), (result.EventCount, result.BadLines, result.UncertainCount));
        Assert.Empty(result.Leaks);
    }

    [Fact]
    public void R90a_EveryMistakeOfTheExampleIsFoundAtItsLine()
    {
        DmaTraceResult result = TraceText.Check(Example("dma-trace.txt"));
        Assert.Equal(
            [
                (9L, DmaDebugError.FreeListDifferentCount),
                (12, DmaDebugError.SyncDifferentDirection),
                (12, DmaDebugError.SyncForDeviceOfDeviceWriteOnly),
                (14, DmaDebugError.FreeDifferentSize),
                (16, DmaDebugError.OverlappingAddresses),
                (17, DmaDebugError.UnmapOfZeroLength),
                (19, DmaDebugError.FreeNeverAllocated),
            ],
            result.Findings.Select(static finding => (finding.Line, finding.Report.Error)));
        Assert.Equal((7L, 2L), (Assert.Single(result.Uncertain).Line, result.UncertainCount));
        Assert.Equal((23L, 1L, 12UL, 1L), (Assert.Single(result.Problems).Line, result.Losses, result.LostEvents, result.OtherEvents));
        Assert.Equal(("0000:03:00.0", 1, 4096UL), Assert.Single(result.Leaks.Select(static leak => (leak.Device.Name, leak.Count, leak.Bytes))));
    }

    [Fact]
    public void AnUnmapOfWhatBeganBeforeTheTraceIsUncertain_AndStrictSaysItIsNot()
    {
        string text = TraceText.Of(TraceText.Unmap(0x1000));
        DmaTraceResult result = TraceText.Check(text);
        Assert.True(result.IsClean);
        Assert.Equal([DmaDebugError.FreeNeverAllocated], result.Uncertain.Errors());
        result = TraceText.Check(text, new() { IsStrict = true });
        Assert.False(result.IsClean);
        Assert.Equal([DmaDebugError.FreeNeverAllocated], result.Findings.Errors());
    }

    [Fact]
    public void ASecondUnmapIsCertain_UnlessEventsWereLostBetween()
    {
        string first = TraceText.Of(TraceText.Map(0x1000), TraceText.Unmap(0x1000));
        string second = TraceText.Of(TraceText.Unmap(0x1000));
        Assert.Equal([DmaDebugError.FreeNeverAllocated], TraceText.Check(first + second).Findings.Errors());
        DmaTraceResult result = TraceText.Check($"{first}CPU:0 [LOST 1 EVENTS]\n{second}");
        Assert.True(result.IsClean);
        Assert.Equal(1, result.UncertainCount);
    }

    [Fact]
    public void WhatALossCanExplainIsUncertain_AndWhatItLeftBehindIsNotInTheWay()
    {
        string before = TraceText.Of(TraceText.Map(0x1000, 8192), TraceText.Map(0x8000));
        string after = TraceText.Of(TraceText.Map(0x1000, 4096, 0x77000), TraceText.Unmap(0x8000, 512));
        Assert.Equal([DmaDebugError.OverlappingAddresses, DmaDebugError.FreeDifferentSize], TraceText.Check(before + after).Findings.Errors());
        after += TraceText.Of(TraceText.Unmap(0x1000));
        DmaTraceResult result = TraceText.Check($"{before}CPU:0 [LOST 1 EVENTS]\n{after}");
        Assert.True(result.IsClean);
        Assert.Equal([DmaDebugError.FreeDifferentSize], result.Uncertain.Errors());
        Assert.Empty(result.Leaks);
    }

    [Fact]
    public void AMapThatAnotherProcessorWroteBeforeTheOldUnmapIsARace()
    {
        DmaTraceResult result = TraceText.CheckEvents(
            TraceText.Map(0x1000, 4096, 0xa0000), TraceText.Map(0x1000, 4096, 0xb0000), TraceText.Unmap(0x1000), TraceText.Unmap(0x1000));
        Assert.True(result.IsClean);
        Assert.Equal((1L, 0L), (result.Races, result.UncertainCount));
        Assert.Empty(result.Leaks);
    }

    [Fact]
    public void AnUnmapThatComesTooLateExplainsNothing()
    {
        string text = TraceText.Of(TraceText.Map(0x1000, 4096, 0xa0000), TraceText.Map(0x1000, 4096, 0xb0000))
            + $"  cat-1 [000] ..... 11.000000: {TraceText.Unmap(0x1000)}\n";
        Assert.Equal([DmaDebugError.OverlappingAddresses], TraceText.Check(text).Findings.Errors());
    }

    [Fact]
    public void MapsAndAllocationsThatFailedAreNotMappings()
    {
        DmaTraceResult result = TraceText.CheckEvents(
            "dma_map_phys: d dir=TO_DEVICE dma_addr=ffffffffffffffff size=4096 phys_addr=1000 attrs=",
            "dma_alloc: d dir=BIDIRECTIONAL dma_addr=0 size=4096 virt_addr=0000000000000000 flags=GFP_KERNEL attrs=",
            "dma_map_sg_err: d dir=TO_DEVICE dma_addrs={0x1000} err=-12 attrs=",
            "dma_alloc_sgt_err: d dir=TO_DEVICE dma_addr=0 size=4096 virt_addr=0000000000000000 flags=GFP_KERNEL attrs=");
        Assert.True(result.IsClean);
        Assert.Empty(result.Leaks);
        Assert.Equal(
            [DmaDebugError.FreeOfErrorAddress], TraceText.CheckEvents("dma_unmap_phys: d dir=TO_DEVICE dma_addr=ffffffffffffffff size=4096 attrs=").Findings.Errors());
    }

    [Fact]
    public void OldAndNewNamesGoTogetherEachWithItsOwn()
    {
        Assert.True(TraceText.CheckEvents(
            "dma_map_page: d dir=TO_DEVICE dma_addr=1000 size=4096 phys_addr=1000 attrs=", "dma_unmap_page: d dir=TO_DEVICE dma_addr=1000 size=4096 attrs=",
            "dma_map_resource: d dir=TO_DEVICE dma_addr=fe000000 size=64 phys_addr=fe000000 attrs=", "dma_unmap_resource: d dir=TO_DEVICE dma_addr=fe000000 size=64 attrs=",
            "dma_alloc_pages: d dir=TO_DEVICE dma_addr=8000 size=4096 virt_addr=12 flags= attrs=", "dma_free_pages: d dir=TO_DEVICE dma_addr=8000 size=4096 virt_addr=12 attrs=",
            "dma_alloc_sgt: d dir=TO_DEVICE dma_addr=9000 size=4096 phys_addrs={0x9000} flags= attrs=", "dma_free_sgt: d dir=TO_DEVICE dma_addr=9000 size=4096 phys_addrs={0x9000}").IsClean);
        Assert.Equal([DmaDebugError.FreeWrongFunction], TraceText.CheckEvents(
            "dma_map_page: d dir=TO_DEVICE dma_addr=1000 size=4096 phys_addr=1000 attrs=", "dma_unmap_resource: d dir=TO_DEVICE dma_addr=1000 size=4096 attrs=").Findings.Errors());
    }

    [Fact]
    public void AListThatTheTracerCutIsUnmappedWhole()
    {
        string shown = string.Join(',', Enumerable.Range(1, 128).Select(static i => $"0x{i * 0x10000:x}"));
        string sizes = string.Join(',', Enumerable.Repeat("0x1000", 128));
        string all = string.Join(',', Enumerable.Range(1, 300).Select(static i => $"0x{i * 0x10000:x}"));
        string map = $"dma_map_sg: d dir=TO_DEVICE nents=128/300 ents=128/300 [TRUNCATED] dma_addrs={{{shown}}} sizes={{{sizes}}} phys_addrs={{{shown}}} attrs=";
        string allSizes = string.Join(',', Enumerable.Repeat("0x1000", 300));
        DmaTraceResult result = TraceText.CheckEvents(
            map, $"dma_sync_sg_for_device: d dir=TO_DEVICE dma_addrs={{{all}}} sizes={{{allSizes}}}", $"dma_unmap_sg: d dir=TO_DEVICE phys_addrs={{{all}}} attrs=");
        Assert.True(result.IsClean, string.Join("; ", result.Findings.Select(static finding => finding.Report.ToString())));
        Assert.Empty(result.Uncertain);
        Assert.Empty(result.Leaks);
        Assert.Equal(
            [DmaDebugError.FreeListDifferentCount], TraceText.CheckEvents(map, $"dma_unmap_sg: d dir=TO_DEVICE phys_addrs={{{shown}}} attrs=").Findings.Errors());
    }

    [Fact]
    public void OneOfAKindIsKeptWithItsCount_OrAll()
    {
        string text = TraceText.Of([.. Enumerable.Range(1, 50).SelectMany(static i => new[] { TraceText.Map((ulong)i << 12), TraceText.Unmap((ulong)i << 12, 8) })]);
        DmaTraceResult result = TraceText.Check(text);
        Assert.Equal((2L, 50L), (Assert.Single(result.Findings).Line, result.Findings[0].Times));
        Assert.Equal(50, result.FindingCount);
        Assert.Equal(50, TraceText.Check(text, new() { KeepsAll = true }).Findings.Count);
    }

    [Fact]
    public void R90c_OnlyTheDriverSought_AsTheTraceOrTheHostNamesIt()
    {
        string text = TraceText.Of(TraceText.Map(0x1000, device: "a"), TraceText.Unmap(0x1000, 8, "a"), TraceText.Map(0x1000, device: "b"), TraceText.Unmap(0x1000, 8, "b"));
        DmaTraceResult result = TraceText.Check(text, new() { Driver = "nvme", DriverOf = static name => name == "a" ? "nvme" : "e1000e" });
        Assert.Equal("a", Assert.Single(result.Findings).Report.Device.Name);
        Assert.Equal(["e1000e", "nvme"], result.Drivers);
        result = TraceText.Check("physr_dma_bind: b driver=nvme\n" + text, new() { Driver = "nvme" });
        Assert.Equal("b", Assert.Single(result.Findings).Report.Device.Name);
    }

    [Fact]
    public void R90d_WhatIsLeftAtTheEndIsToldByDevice_AndIsAMistakeOnlyInACompleteTrace()
    {
        string text = TraceText.Of(TraceText.Map(0x1000, device: "a"), TraceText.Map(0x3000, 8192, device: "b"), TraceText.Map(0x9000, 100, device: "b"));
        DmaTraceResult result = TraceText.Check(text);
        Assert.Equal([("b", 2, 8292UL), ("a", 1, 4096UL)], result.Leaks.Select(static leak => (leak.Device.Name, leak.Count, leak.Bytes)));
        Assert.True(result.IsClean);
        Assert.False(TraceText.Check(text, new() { IsStrict = true }).IsClean);
    }

    [Fact]
    public void ATraceWithMoreMappingsThanAllowedIsCheckedUpToThere()
    {
        DmaTraceResult result = TraceText.Check(TraceText.Of([.. Enumerable.Range(1, 9).Select(static i => TraceText.Map((ulong)i << 12))]), new() { MaxEntries = 4 });
        Assert.StartsWith("line 5: ", result.Stopped, StringComparison.Ordinal);
        Assert.Equal(9, result.Lines);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void LinesAreCountedWhateverTheirEndsAndLengths(string end)
    {
        string text = string.Join(end, "# head", new string('x', 3 << 20), TraceText.Map(0x1000), "", new string('y', 100_000), TraceText.Unmap(0x1000, 9));
        DmaTraceResult result = TraceText.Check(text);
        Assert.Equal([(2L, "a line longer than any tracer prints"), (5, "no line of a trace; one looks like 'task-pid [cpu] flags seconds: event: ...'")], result.Problems);
        Assert.Equal((6L, 6L), (Assert.Single(result.Findings).Line, result.Lines));
    }

    [Fact]
    public void BadLinesAreNamedUpToABound_AndAllAreCounted()
    {
        DmaTraceResult result = TraceText.Check(string.Concat(Enumerable.Repeat("garbage\n", 1000)) + TraceText.Map(0x1000), new() { MaxProblems = 3 });
        Assert.Equal([1L, 2, 3], result.Problems.Select(static problem => problem.Line));
        Assert.Equal((1000L, 1L), (result.BadLines, result.EventCount));
    }

    [Fact]
    public void ALongTraceOfFewMappingsAllocatesNothing()
    {
        byte[][] lines = [.. TraceText.Of(
            TraceText.Map(0x1000), "dma_sync_single_for_cpu: d dir=TO_DEVICE dma_addr=1000 size=64", TraceText.Unmap(0x1000),
            "dma_map_sg: d dir=FROM_DEVICE nents=2/2 ents=2/2 dma_addrs={0x1000,0x5000} sizes={0x1000,0x800} phys_addrs={0x10000,0x20000} attrs=SKIP_CPU_SYNC",
            "dma_unmap_sg: d dir=FROM_DEVICE phys_addrs={0x10000,0x20000} attrs=", "sched_switch: a ==> b")
            .Split('\n').Select(Encoding.UTF8.GetBytes)];
        DmaTraceChecker checker = new();
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                foreach (byte[] line in lines)
                {
                    checker.CheckLine(line);
                }
            }
        }));
        Assert.True(checker.Finish().IsClean);
    }

    private static string Example(string name, [System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/examples", name));
}
