// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Dma.Tracing;

namespace Physr.Dma.Tests.Tracing;

public sealed class ParserTests
{
    private const string Map = "0000:03:00.0 dir=TO_DEVICE dma_addr=ff200000 size=4096 phys_addr=10a2b3000 attrs=WEAK_ORDERING|MMIO";

    private readonly DmaTraceParser _parser = new();
    private readonly DmaTraceEvent _event = new();

    [Theory]
    [InlineData("            sshd-1402    [000] b.s2.   914.201007: dma_map_phys: ", 914_201_007_000)]
    [InlineData("            sshd-1402    (1400) [000] b.s2.   914.201007: dma_map_phys: ", 914_201_007_000)]
    [InlineData("     kworker/1:0-45      [001]    77.000100: dma_map_phys:         ", 77_000_100_000)]
    [InlineData("     kworker/1:0-45      [001]    77.000100123: dma_map_phys:         ", 77_000_100_123)]
    [InlineData("trace.dat:    <...>-45   [001] d..3.  77.000100: dma_map_phys: ", 77_000_100_000)]
    [InlineData("swapper     0 [011]  8123.456789: dma:dma_map_phys: ", 8123_456_789_000)]
    [InlineData("nvme 7/12 [003] 5.000001:          1  dma:dma_map_phys: ", 5_000_001_000)]
    [InlineData("\uFEFFdma_map_phys: ", -1)]
    [InlineData("Web [Content] 7-12 [003] 5.000001: dma_map_phys: ", 5_000_001_000)]
    [InlineData("Web [12] 7-12 [003] 5.000001: dma_map_phys: ", 5_000_001_000)]
    [InlineData("  a-1 [000] ..... 123456: dma_map_phys: ", -1)]
    [InlineData("dma_map_phys: ", -1)]
    public void EveryTracersPrefixIsRead(string prefix, long time)
    {
        Assert.Equal(DmaTraceLine.Event, Parse(prefix + Map));
        Assert.Equal((DmaTraceEventKind.MapPhys, "0000:03:00.0", time), (_event.Kind, _event.Device.Name, _event.Time));
        Assert.Equal((DmaDirection.ToDevice, 0xff200000UL, 4096UL, 0x10a2b3000UL), (_event.Direction, _event.Address.Value, _event.Size, _event.Memory!.Value.Value));
        Assert.Equal(DmaAttributes.WeakOrdering | DmaAttributes.Mmio, _event.Attributes);
    }

    [Theory]
    [InlineData("nents=3/200 ents=2/2 dma_addrs={0x1000,0x5000} sizes={0x1000,0x800} phys_addrs={0x10000,0x20000,0x30000} attrs=", 200)]
    [InlineData("nents=128/200 ents=2/200 [TRUNCATED] dma_addrs={0x1000,0x5000} sizes={0x1000,0x800} phys_addrs={0x10000,0x20000,0x30000} attrs=", 200)]
    [InlineData("dma_addrs={0x1000,0x5000} sizes={0x1000,0x800} phys_addrs={0x10000,0x20000,0x30000} attrs=", 0)]
    [InlineData("dma_addrs=4096 20480 sizes=4096 2048 phys_addrs=65536 131072 196608 attrs=", 0)]
    public void ListsAreReadAsTheKernelAndAsTraceCmdPrintThem(string fields, int allEntries)
    {
        Assert.Equal(DmaTraceLine.Event, Parse(TraceText.Of($"dma_map_sg: d dir=FROM_DEVICE {fields}")));
        Assert.Equal([0x1000UL, 0x5000], _event.Addresses.ToArray().Select(static address => address.Value));
        Assert.Equal([0x1000UL, 0x800], _event.Sizes.ToArray());
        Assert.Equal([0x10000UL, 0x20000, 0x30000], _event.Memories.ToArray().Select(static address => address.Value));
        Assert.Equal(allEntries, _event.AllEntries);
    }

    [Theory]
    [InlineData("virt_addr=00000000c7a1f0e2", 0xc7a1f0e2, false)]
    [InlineData("virt_addr=0xffff888103a40000", 0xffff888103a40000, false)]
    [InlineData("virt_addr=(____ptrval____)", 0, false)]
    [InlineData("virt_addr=0000000000000000", 0, true)]
    [InlineData("virt_addr=(nil)", 0, true)]
    public void AnAllocationWithoutAnAddressFailed(string address, ulong cpuAddress, bool isNull)
    {
        Assert.Equal(DmaTraceLine.Event, Parse(TraceText.Of($"dma_alloc: d dir=0x5 dma_addr=1000 size=4096 {address} flags=GFP_KERNEL|__GFP_ZERO attrs=")));
        Assert.Equal((cpuAddress, isNull), (_event.CpuAddress, _event.IsNull));
    }

    [Theory]
    [InlineData("attrs=", DmaAttributes.None)]
    [InlineData("attrs=SKIP_CPU_SYNC|CACHELINES_OVERLAP", DmaAttributes.SkipCpuSync | DmaAttributes.DebuggingIgnoreCachelines)]
    [InlineData("attrs=0x400", DmaAttributes.Mmio)]
    [InlineData("attrs=NO_WARN|0x2000", DmaAttributes.NoWarn | DmaAttributes.ConfidentialShared)]
    [InlineData("attrs=OF_A_KERNEL_TO_COME|NO_WARN", DmaAttributes.NoWarn)]
    public void AttributesAreTheKernels(string attributes, DmaAttributes expected)
    {
        Assert.Equal(DmaTraceLine.Event, Parse(TraceText.Of($"dma_unmap_page: d dir=BIDIRECTIONAL dma_addr=1000 size=4096 {attributes}")));
        Assert.Equal(expected, _event.Attributes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \t")]
    [InlineData("# tracer: nop")]
    [InlineData("cpus=8")]
    [InlineData("version = 6")]
    [InlineData("CPU 3 is empty")]
    [InlineData(" => dma_map_page_attrs+0x52/0x120")]
    [InlineData("\tffffffff8126f3a7 dma_unmap_page_attrs+0x57 ([kernel.kallsyms])")]
    [InlineData("\t    7f35c2a1b0d4 [unknown] (/usr/lib/libc.so.6)")]
    [InlineData("---------------------------------")]
    public void HeadersAndStacksAreNothing(string line) => Assert.Equal(DmaTraceLine.Nothing, Parse(line));

    [Theory]
    [InlineData("CPU:3 [LOST 12 EVENTS]", 12)]
    [InlineData("CPU:7 [204600 EVENTS DROPPED]", 204600)]
    [InlineData("CPU:7 [EVENTS DROPPED]", 0)]
    [InlineData("[LINE TOO BIG]", 1)]
    public void NotesOfLossAreRead(string line, ulong lost)
    {
        Assert.Equal(DmaTraceLine.Loss, Parse(line));
        Assert.Equal(lost, _parser.LostEvents);
    }

    [Theory]
    [InlineData("  a-1 [000] d..2. 5.000001: sched_switch: prev_comm=a prev_pid=1 ==> next_comm=b")]
    [InlineData("  a-1 [000] d..2. 5.000001: kernel_stack: <stack trace >")]
    [InlineData("  a-1 [000] 5.000001: idle_cpu <-irq_enter")]
    public void OtherEventsArePassedOver(string line) => Assert.Equal(DmaTraceLine.OtherEvent, Parse(line));

    [Theory]
    [InlineData("hello", DmaTraceProblem.NoPrefix, "no line of a trace")]
    [InlineData("  a-1 [000] ..... 5.000001:", DmaTraceProblem.NoEventName, "nothing follows the time")]
    [InlineData("dma_map_phys: dir=TO_DEVICE dma_addr=1 size=1 phys_addr=1", DmaTraceProblem.NoDevice, "'dma_map_phys: DEVICE dir= dma_addr= size= phys_addr= attrs='")]
    [InlineData("dma_map_phys: d dir=TO_DEVICE dma_addr=1000 phys_addr=1 attrs=", DmaTraceProblem.MissingField, "size= is missing")]
    [InlineData("dma_map_phys: d dir=TO_DEVICE dma_addr=xyz size=1 phys_addr=1 attrs=", DmaTraceProblem.BadNumber, "dma_addr=")]
    [InlineData("dma_map_phys: d dir=TO_DEVICE dma_addr=1000 size=0x10 phys_addr=1 attrs=", DmaTraceProblem.BadNumber, "size=")]
    [InlineData("dma_map_phys: d dir=TO_DEVICE dma_addr=10000000000000000 size=1 phys_addr=1 attrs=", DmaTraceProblem.BadNumber, "dma_addr=")]
    [InlineData("dma_map_phys: d dir=NONE dma_addr=1000 size=1 phys_addr=1 attrs=", DmaTraceProblem.BadDirection, "TO_DEVICE")]
    [InlineData("dma_unmap_sg: d dir=TO_DEVICE phys_addrs={0x1000,zz} attrs=", DmaTraceProblem.BadArray, "phys_addrs=")]
    [InlineData("dma_unmap_sg: d dir=TO_DEVICE phys_addrs={0x1000", DmaTraceProblem.BadArray, "{0x1000,0x2000}")]
    [InlineData("dma_map_sg: d dir=TO_DEVICE dma_addrs={0x1} sizes={0x1,0x2} phys_addrs={0x1} attrs=", DmaTraceProblem.UnequalArrays, "same length")]
    [InlineData("dma_map_phys: d dir=TO_DEVICE dma_addr=fffffffffffff000 size=8192 phys_addr=1 attrs=", DmaTraceProblem.BeyondAddressSpace, "64-bit")]
    [InlineData("dma_map_sg: [FAILED TO PARSE] device=0000:03:00.0 phys_addrs=ARRAY[00]", DmaTraceProblem.FailedToParse, "trace_pipe")]
    public void ABadLineIsNamed_WithWhatWouldBeRight(string line, DmaTraceProblem problem, string text)
    {
        Assert.Equal(DmaTraceLine.Garbage, Parse(line));
        Assert.Equal(problem, _parser.Problem);
        Assert.Contains(text, _parser.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryEventOfTheTableIsRead()
    {
        foreach (DmaTraceEventKind kind in Enum.GetValues<DmaTraceEventKind>().Where(static kind => kind != DmaTraceEventKind.None))
        {
            Assert.Equal(kind, DmaTraceNames.KindOf(DmaTraceNames.Of(kind)));
        }
    }

    private DmaTraceLine Parse(string line) => _parser.Parse(Encoding.UTF8.GetBytes(line), _event);
}
