// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;
using Physr.Memory;

namespace Physr.Dma.Tests.Debugging;

/// <summary>A real mapper that wears a debugger, on a machine with a kernel, a stack, a pmem and a peer; and what the debugger said.</summary>
internal sealed class DebugRig : IDisposable
{
    public static readonly PhysicalRange KernelCode = new(new(0x100_0000), 0x10_0000);
    public static readonly PhysicalRange KernelRodata = new(new(0x120_0000), 0x8_0000);
    public static readonly PhysicalRange Stack = new(new(0x200_0000), 0x4000);
    public static readonly PhysicalRange Vmalloc = new(new(0x210_0000), 0x4000);
    public static readonly PhysicalRange Pmem = new(new(0x50_0000_0000), 4UL << 20);
    public static readonly PhysicalRange Bar = new(new(0x40_0000_0000), 2UL << 20);

    private readonly DmaRig _rig = new();

    public DebugRig(Func<DmaDebugOptions, DmaDebugOptions>? configure = null)
    {
        foreach ((string name, PhysicalRange range) in new[] { ("Kernel code", KernelCode), ("Kernel rodata", KernelRodata) })
        {
            Assert.Equal(Errno.None, _rig.Map.Resources.Insert(name, range, ResourceFlags.SystemRam | ResourceFlags.Busy, ResourceDescriptor.None, out _, out _));
        }

        Pagemap pmem = new() { Type = MemoryType.FsDax };
        pmem.Ranges.Add(Pmem);
        Assert.Equal(Errno.None, _rig.Map.Register(pmem));
        Peer = _rig.Peer("cmb", Bar.Start.Value, Bar.Length, P2PMapType.BusAddress);
        Classifier = new(_rig.Map);
        Classifier.Register(Stack, DmaMemoryKinds.Stack);
        Classifier.Register(Vmalloc, DmaMemoryKinds.Vmalloc);
        DmaDebugOptions options = new() { AllErrors = true, InitialEntries = 64, Classifier = Classifier };
        Debugger = new(configure?.Invoke(options) ?? options);
        Debugger.Reported += Reports.Add;
        Mapper = DmaDebug.Wear(_rig.Mapper, Debugger);
    }

    public DmaRig Rig => _rig;

    public MemoryMapClassifier Classifier { get; }

    public P2PProvider Peer { get; }

    public DmaDebugger Debugger { get; }

    public IDmaMapper Mapper { get; }

    public List<DmaDebugReport> Reports { get; } = [];

    public DmaDevice Direct => _rig.Direct;

    public DmaDevice Translated => _rig.Translated;

    public IEnumerable<DmaDebugError> Errors => Reports.Select(static report => report.Error);

    /// <summary>Maps as a good driver does, asking after the error.</summary>
    public DmaAddress Map(DmaDevice device, ulong start, ulong length, DmaDirection direction = DmaDirection.Bidirectional, DmaAttributes attributes = DmaAttributes.None)
    {
        DmaAddress address = MapUnchecked(device, start, length, direction, attributes);
        Assert.False(Mapper.IsMappingError(device, address));
        return address;
    }

    public DmaAddress MapUnchecked(
        DmaDevice device, ulong start, ulong length, DmaDirection direction = DmaDirection.Bidirectional, DmaAttributes attributes = DmaAttributes.None)
    {
        DmaMapError? error = Mapper.TryMapPhys(device, new(new(start), length), direction, attributes, out DmaAddress address);
        Assert.True(error is null, error?.ToString());
        return address;
    }

    public void Unmap(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction = DmaDirection.Bidirectional, DmaAttributes attributes = DmaAttributes.None) =>
        Mapper.UnmapPhys(device, address, length, direction, attributes);

    /// <summary>The only report, which is of this class.</summary>
    public DmaDebugReport Only(DmaDebugError error)
    {
        DmaDebugReport report = Assert.Single(Reports);
        Assert.Equal(error, report.Error);
        return report;
    }

    public void Dispose() => _rig.Dispose();
}
