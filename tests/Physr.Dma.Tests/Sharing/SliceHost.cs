// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;
using Physr.Memory;

namespace Physr.Dma.Tests.Sharing;

/// <summary>A device with BARs 0 and 2, an exporter of their slices, and routes to it.</summary>
internal sealed class SliceHost
{
    public const ulong BusOffset = 0x1000_0000_0000;
    public const ulong BarStart = 0x20_0000_0000;

    public SliceHost(BarSliceExporterOptions? options = null, ulong barLength = 1UL << 21, ulong secondStart = 0x30_0000_0000, ulong secondLength = 0x1000)
    {
        Providers = new(Map, "0000:03:00.0");
        Assert.Equal(
            Errno.None,
            Providers.Initialize(
                new BarAperture(0, new(new(BarStart), barLength), new(BarStart + BusOffset)),
                new BarAperture(2, new(new(secondStart), secondLength), new(secondStart + BusOffset)),
                new BarAperture(4, new(new(0xe000), 0x100), new(0xe000), IsMemory: false)));
        Routes.ByOwner["0000:03:00.0"] = P2PMapType.BusAddress;
        Exporter = new(Providers, Mapper, Routes, options);
    }

    public MemoryMap Map { get; } = new();

    public P2PProviderSet Providers { get; }

    public FakeRoutes Routes { get; } = new();

    public WindowMapper Mapper { get; } = new();

    public BarSliceExporter Exporter { get; }

    public DmaDevice Direct { get; } = new("nic0");

    public DmaDevice Translated
    {
        get
        {
            DmaDevice device = new("gpu0");
            Mapper.Translated.Add(device);
            return device;
        }
    }

    public P2PMapType Route
    {
        set => Routes.ByOwner["0000:03:00.0"] = value;
    }

    public Errno Export(out DmaBuf? buffer, params ReadOnlySpan<BarSlice> slices) => Exporter.TryExport(0, 0, slices, out buffer);

    public DmaBuf Export(params ReadOnlySpan<BarSlice> slices)
    {
        Assert.Equal(Errno.None, Exporter.TryExport(0, 0, slices, out DmaBuf? buffer));
        return buffer!;
    }

    /// <summary>Nothing mapped, attached or held anywhere.</summary>
    public void AssertNothingLeft(DmaBuf? buffer = null)
    {
        Assert.Equal(0, Providers.ActiveUses);
        Assert.Equal(0, Mapper.Out);
        Assert.Equal(0, Direct.ActiveMappings);
        if (buffer is not null)
        {
            Assert.Equal(0, buffer.ActiveMappings);
            Assert.Equal(0, buffer.AttachmentCount);
            Assert.Equal(1, buffer.References);
            buffer.Release();
            Assert.DoesNotContain(buffer, Exporter.Buffers);
        }
    }
}
