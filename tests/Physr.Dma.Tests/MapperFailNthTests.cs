// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Dma.Broker;
using Physr.Dma.Mirror;
using Physr.Memory;

namespace Physr.Dma.Tests;

/// <summary>Row R91 for the DMA API: a scenario that uses every path is repeated with its Nth failing step, N = 1, 2, … until it passes; after each, nothing is out.</summary>
public sealed class MapperFailNthTests
{
    [Fact]
    public void R91a_EveryStepOfEveryFormSurvivesTheNthFailure()
    {
        // A list, a mirror and a request that get no reservation for the whole are mapped part by part.
        IReadOnlySet<string> sites = FailNth.Repeat(least: 40, Run, static site => site is "dma mapping" or "IO virtual addresses");
        Assert.Superset(new HashSet<string>(["dma mapping", "IO virtual addresses", "IO page table", "table page", "bounce slots", "coherent memory"], StringComparer.Ordinal), sites.ToHashSet(StringComparer.Ordinal));
    }

    private static bool Run(FailNthGate gate)
    {
        DevicePrivateBroker? broker = null;
        using DmaRig rig = new(gate: gate, most: 100, broker: made => broker = new(made.Map, made.Routes));
        P2PProvider hosted = rig.Peer("hosted", 0x30_0000_0000, 1 << 20, P2PMapType.ThroughHostBridge);
        P2PProvider near = rig.Peer("near", 0x40_0000_0000, 4 << 20, P2PMapType.BusAddress);
        Pagemap vram = new() { Type = MemoryType.DevicePrivate, Owner = "gpu", MigrateToRam = static (in fault) => FaultOutcome.Served, FolioFree = static _ => { } };
        Assert.Equal(Errno.None, rig.Map.Private.Register(vram, 2 << 20, out AddressRange<DevicePrivateOffset> region, out _));
        Assert.Equal(Errno.None, broker!.Publish(vram, new(0, new(near.Range.Slice(0, 2 << 20), near.Index))));
        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(new PhysicalRange(new(0x10800), 0x2000));
        builder.Append(near.Range.Slice(0, 0x1000), near.Index);
        builder.Append(new AddressRange<DevicePrivateOffset>(region.Start, 0x1000));
        builder.Append(hosted.Range.Slice(0, 0x1000), hosted.Index);
        builder.Append(new PhysicalRange(new(DmaRig.HighRam + 0x456), 0x4_2000));
        RangeList list = builder.Build();
        byte[] before = rig.CpuReads(list.Slice(0, 0x2000));

        bool passed = true;
        foreach (DmaDevice device in new[] { rig.Direct, rig.Narrow, rig.Translated, rig.Untrusted })
        {
            RangeList reachable = device == rig.Narrow ? list.Slice(0, 0x2000).Concat(list.Slice(0x5000, 0x4_2000)) : list;
            passed &= Idle(rig, MapsList(rig, device, reachable));
            passed &= Idle(rig, Streams(rig, device, new(new(DmaRig.HighRam + 0x10), 0x2010), DmaAttributes.None));
            passed &= device == rig.Narrow || Idle(rig, Streams(rig, device, hosted.Range, DmaAttributes.Mmio));
            passed &= device == rig.Narrow || Idle(rig, Streams(rig, device, near.Range, DmaAttributes.Mmio));
            passed &= Idle(rig, AllocatesCoherent(rig, device));
            passed &= device == rig.Narrow || device == rig.Untrusted || Idle(rig, Mirrors(rig, device, hosted));
            passed &= Idle(rig, MapsBlocks(rig, device, DmaRig.List((0x10000, 0x1000), (0x20000, 0x1800))));
            passed &= Idle(rig, MapsBlocks(rig, device, DmaRig.List((0x10000, 0x1800), (0x20000, 0x1800))));
            passed &= device.Domain is null || Idle(rig, LinksInTwoSteps(rig, device));
        }

        Assert.Equal(before, rig.CpuReads(list.Slice(0, 0x2000)));
        return passed;
    }

    private static bool Idle(DmaRig rig, bool passed)
    {
        rig.AssertIdle();
        return passed;
    }

    private static bool MapsList(DmaRig rig, DmaDevice device, RangeList list)
    {
        bool isMapped = rig.Mapper.TryMap(device, list, DmaDirection.Bidirectional, out DmaMapping? mapping, out DmaMapError? error);
        Assert.Equal(isMapped, error is null);
        Assert.True(isMapped || error!.Errno == Errno.ENOMEM, error?.ToString());
        mapping?.Dispose();
        return isMapped;
    }

    private static bool Streams(DmaRig rig, DmaDevice device, PhysicalRange range, DmaAttributes attributes)
    {
        DmaMapError? error = rig.Mapper.TryMapPhys(device, range, DmaDirection.Bidirectional, attributes, out DmaAddress address);
        if (error is not null)
        {
            Assert.Equal(Errno.ENOMEM, error.Errno);
            Assert.Equal(DmaAddress.MappingError, address);
            return false;
        }

        Assert.Equal(Errno.None, rig.Mapper.UnmapPhys(device, address, range.Length, DmaDirection.Bidirectional, attributes));
        return true;
    }

    private static bool Mirrors(DmaRig rig, DmaDevice device, P2PProvider hosted)
    {
        Assert.Equal(Errno.None, MirrorMapping.TryCreate(rig.Mapper, rig.Map, rig.Routes, device, 2, 4096, out MirrorMapping? mirror));
        mirror!.Frames[0] = MirrorFrame.Of(new(5));
        mirror.Frames[1] = MirrorFrame.Of(hosted.Range.Start.Frame);
        bool passed = true;
        for (int i = 0; i < 2; i++)
        {
            Errno errno = mirror.TryMapPage(i, out DmaAddress address);
            Assert.True(errno is Errno.None or Errno.ENOMEM);
            Assert.Equal(errno == Errno.None, address != DmaAddress.MappingError);
            Assert.Equal(errno == Errno.None, mirror.Frames[i].Has(MirrorFlags.DmaMapped));
            passed &= errno == Errno.None;
        }

        mirror.Dispose();
        return passed;
    }

    private static bool MapsBlocks(DmaRig rig, DmaDevice device, RangeList request)
    {
        BlockMapping mapping = new(rig.Mapper, rig.Map, rig.Routes, device, default);
        ulong mapped = 0;
        for (bool any = mapping.Start(request.All, DmaDirection.Bidirectional); any; any = mapping.MoveNext())
        {
            mapped += mapping.Current.Length;
        }

        Assert.Equal(mapped == request.Length ? BlockStatus.Ok : BlockStatus.Resource, mapping.Status);
        mapping.End();
        return mapping.Status == BlockStatus.Ok;
    }

    private static bool AllocatesCoherent(DmaRig rig, DmaDevice device)
    {
        DmaMapError? error = rig.Mapper.TryAllocateCoherent(device, 0x3000, DmaAttributes.None, out CoherentMemory? memory);
        Assert.True(error is null or { Errno: Errno.ENOMEM });
        memory?.Dispose();
        return error is null;
    }

    private static bool LinksInTwoSteps(DmaRig rig, DmaDevice device)
    {
        if (!rig.Mapper.TryReserve(device, new(0x1200), 0x3000, out IovaReservation reservation))
        {
            return false;
        }

        ulong linked = 0;
        foreach (PhysicalRange range in new PhysicalRange[] { new(new(0x1200), 0xe00), new(new(0x8000), 0x1000), new(new(0x6000), 0x1200) })
        {
            Errno errno = rig.Mapper.Link(device, ref reservation, range, linked, DmaDirection.Bidirectional, DmaAttributes.None);
            if (errno != Errno.None)
            {
                Assert.Equal(Errno.ENOMEM, errno);
                break;
            }

            linked += range.Length;
        }

        // What is linked still holds, and is all there is.
        Assert.Equal(linked == 0 ? Errno.EINVAL : Errno.None, rig.Mapper.Sync(device, ref reservation, 0, linked));
        Assert.Equal(Errno.None, rig.Mapper.Destroy(device, ref reservation, linked, DmaDirection.Bidirectional, DmaAttributes.None));
        return linked == 0x3000;
    }
}
