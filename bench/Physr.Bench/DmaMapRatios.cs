// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Debugging;
using Physr.Dma.Iommu;
using Physr.Dma.Iova;
using Physr.Dma.PageTables;

namespace Physr.Bench;

/// <summary>A map and an unmap behind an IOMMU, strict, in x86-64 format, with 256 mappings live: addresses, page table, checks and counts. The invalidation of IOTLBs is left out,
/// as it is in the rival, which is the C allocator and page table put together with nothing around them; a row of its own has it, for an IOMMU to which nothing is attached.</summary>
internal static class DmaMapRatios
{
    public static void Run(RatioTable table)
    {
        foreach ((int kib, double most) in ((int, double)[])[(4, 33), (16, 0), (64, 0), (128, 100), (1024, 300)])
        {
            Run(table, new(1024UL * (ulong)kib), $"{(kib < 1024 ? $"{kib} KiB" : "1 MiB")}", most);
        }
    }

    private static void Run(RatioTable table, DmaMapWork work, string size, double most)
    {
        using IoPageTable pages = new(IoPageTableFormat.X86_64);
        using IommuDomain domain = new(IoPageTableFormat.X86_64);
        using IovaAllocator iova = new(PageSize.Size4K, new(0), new((1UL << 47) - 1));
        using IovaAllocator flushedIova = new(PageSize.Size4K, new(0), new((1UL << 47) - 1));
        DmaDevice device = new("bench") { Domain = new(new BareTableDomain(pages), iova, IommuFlushMode.Strict) };
        DmaDevice flushed = new("flushed") { Domain = new(domain, flushedIova, IommuFlushMode.Strict) };
        DmaMapper mapper = new(new(), NoPeers.Instance);
        using DmaMapRival? rival = DmaMapRival.TryMake(domain.PageSizes, work, out string why);
        IDmaMapper off = DmaDebug.Wear(mapper, null);
        IDmaMapper on = DmaDebug.Wear(mapper, new DmaDebugger());
        DmaAddress[] live = MapAll(mapper, device, work);
        DmaAddress[] flushedLive = MapAll(mapper, flushed, work);
        DmaAddress[] checkedLive = MapAll(on, device, work);
        RangeList list = RangeList.Of(new(new(DmaMapWork.First), work.Length));
        double[] times = RatioTable.TimeInTurn(
            DmaMapWork.Pairs,
            () => Stream(mapper, device, work, live),
            () => Stream(off, device, work, live),
            () => Stream(on, device, work, checkedLive),
            () => TwoSteps(mapper, device, work),
            () => Lists(mapper, device, list),
            () => Stream(mapper, flushed, work, flushedLive),
            () => rival?.Run(work));
        if (most != 0)
        {
            table.Limit($"map and unmap of {size} behind an IOMMU, 256 live", times[0], "ns", most, $"≤ {most} ns");
        }

        if (rival is null)
        {
            table.Skip($"{size} / C", why);
        }
        else
        {
            table.Against($"{size} / C", times[0], times[6]);
        }

        table.Compare($"{size}, debugger off / not there", times[1], times[0], 1.02, "≤ 1.02");
        table.Against($"{size}, debugger on / not there", times[2], times[0]);
        table.Note($"{size}, with the flush of an idle IOMMU", times[5], "ns");
        table.Note($"{size}, reserve, link, sync, destroy", times[3], "ns");
        table.Note($"{size}, as a list of one range", times[4], "ns");
    }

    private static DmaAddress[] MapAll(IDmaMapper mapper, DmaDevice device, DmaMapWork work)
    {
        DmaAddress[] live = new DmaAddress[DmaMapWork.Live];
        for (uint i = 0; i < live.Length; i++)
        {
            live[i] = Map(mapper, device, work, i);
        }

        return live;
    }

    private static DmaAddress Map(IDmaMapper mapper, DmaDevice device, DmaMapWork work, uint index)
    {
        DmaMapError? error = mapper.TryMapPhys(device, new(new(work.PhysicalOf(index)), work.Length), DmaDirection.Bidirectional, DmaAttributes.None, out DmaAddress address);
        return error is null && !mapper.IsMappingError(device, address) ? address : throw new InvalidOperationException(error?.ToString());
    }

    private static void Stream(IDmaMapper mapper, DmaDevice device, DmaMapWork work, DmaAddress[] live)
    {
        foreach (uint victim in work.Victims)
        {
            if (mapper.UnmapPhys(device, live[victim], work.Length, DmaDirection.Bidirectional, DmaAttributes.None) != Errno.None)
            {
                throw new InvalidOperationException("It was not mapped so.");
            }

            live[victim] = Map(mapper, device, work, victim);
        }
    }

    private static void TwoSteps(IDmaMapper mapper, DmaDevice device, DmaMapWork work)
    {
        PhysicalRange range = new(new(DmaMapWork.First), work.Length);
        for (int i = 0; i < DmaMapWork.Pairs; i++)
        {
            if (!mapper.TryReserve(device, range.Start, range.Length, out IovaReservation reservation)
                || mapper.Link(device, ref reservation, range, 0, DmaDirection.Bidirectional, DmaAttributes.None) != Errno.None
                || mapper.Sync(device, ref reservation, 0, range.Length) != Errno.None
                || mapper.Destroy(device, ref reservation, range.Length, DmaDirection.Bidirectional, DmaAttributes.None) != Errno.None)
            {
                throw new InvalidOperationException("A step failed.");
            }
        }
    }

    private static void Lists(DmaMapper mapper, DmaDevice device, RangeList list)
    {
        for (int i = 0; i < DmaMapWork.Pairs; i++)
        {
            mapper.TryMap(device, list, DmaDirection.Bidirectional, out DmaMapping? mapping, out _);
            mapping!.Dispose();
        }
    }
}
