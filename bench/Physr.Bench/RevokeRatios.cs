// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Dma;
using Physr.Dma.Iommu;
using Physr.Dma.Iova;
using Physr.Dma.PageTables;
using Physr.Dma.Sharing;
using Physr.Memory;

namespace Physr.Bench;

/// <summary>How long a revoke of 10^5 mappings takes until nothing is mapped: of one importer, of as many importers, and behind an IOMMU.</summary>
internal static class RevokeRatios
{
    private const int Mappings = 100_000;
    private const double Most = 100;

    public static void Run(RatioTable table)
    {
        table.Limit("revoke of 10^5 mappings of one importer, bus addresses", Least(1, isTranslated: false), "ms", Most, $"< {Most} ms");
        table.Limit("same, of 10^5 importers", Least(Mappings, isTranslated: false), "ms", Most, $"< {Most} ms");
        table.Limit("same, of one importer behind an IOMMU, strict", Least(1, isTranslated: true), "ms", Most, $"< {Most} ms");
    }

    private static double Least(int importers, bool isTranslated)
    {
        const ulong BarStart = 0x20_0000_0000;
        MemoryMap map = new();
        P2PProviderSet device = new(map, "vf0");
        Must(device.Initialize(new BarAperture(0, new(new(BarStart), 1 << 20), new(BarStart))));
        Routes routes = new(isTranslated ? P2PMapType.ThroughHostBridge : P2PMapType.BusAddress);
        using IommuDomain domain = new(IoPageTableFormat.AmdV1);
        using IovaAllocator iova = new(PageSize.Size4K, new(PageSize.Size4K), new(0xff_ffff_ffff));
        DmaDevice nic = new("nic0");
        nic.Domain = isTranslated ? new(domain, iova, IommuFlushMode.Strict) : null;
        BarSliceExporter exporter = new(device, new DmaMapper(map, routes), routes);
        Must(exporter.TryExport(0, 0, [new(0, 0x1000)], out DmaBuf? buffer));
        Importer[] all = [.. Enumerable.Range(0, importers).Select(_ => new Importer(buffer!, nic, Mappings / importers))];
        double least = double.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            Array.ForEach(all, static importer => importer.MapAll());
            long start = Stopwatch.GetTimestamp();
            Must(buffer!.Revoke());
            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Must(buffer.ActiveMappings == 0 && device.ActiveUses == 0 ? Errno.None : Errno.EBUSY);
            Must(buffer.Unrevoke());
        }

        return least;
    }

    private static void Must(Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new InvalidOperationException($"It should have been possible: {errno}.");
        }
    }

    private sealed class Routes(P2PMapType route) : IP2PRoutes
    {
        public P2PMapType MapTypeOf(P2PProvider provider, DmaDevice client) => route;

        public IReadOnlyList<string> Explain(P2PProvider provider, DmaDevice client) => [];
    }

    private sealed class Importer : IDmaBufImporter
    {
        private readonly DmaBufAttachment _attachment;
        private readonly DmaBufMapping?[] _mappings;

        public Importer(DmaBuf buffer, DmaDevice device, int mappings)
        {
            Must(buffer.TryAttach(this, device, out DmaBufAttachment? attachment));
            _attachment = attachment!;
            _mappings = new DmaBufMapping?[mappings];
        }

        public bool AllowsPeerToPeer => true;

        public bool CanInvalidateMappings => true;

        public void MapAll()
        {
            for (int i = 0; i < _mappings.Length; i++)
            {
                Must(_attachment.TryMapUnlocked(DmaDirection.Bidirectional, out _mappings[i])?.Errno ?? Errno.None);
            }
        }

        public void InvalidateMappings(DmaBufAttachment attachment)
        {
            for (int i = 0; i < _mappings.Length && attachment.Buffer.IsRevoked; i++)
            {
                if (_mappings[i] is { } mapping)
                {
                    _mappings[i] = null;
                    attachment.Unmap(mapping);
                }
            }
        }
    }
}
