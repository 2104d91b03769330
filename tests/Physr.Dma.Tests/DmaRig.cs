// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Bounce;
using Physr.Dma.Broker;
using Physr.Dma.Iommu;
using Physr.Dma.Iova;
using Physr.Dma.PageTables;
using Physr.Memory;

namespace Physr.Dma.Tests;

/// <summary>A machine for mapper tests: RAM below and above 4 GiB, peers by name, a bounce pool, an IOMMU domain, and devices that move bytes through the addresses they were given.</summary>
internal sealed class DmaRig : IDisposable
{
    public const ulong RamEnd = 1UL << 30;
    public const ulong HighRam = 1UL << 32;
    public const ulong BusOffset = 0x1000_0000_0000;

    // The allocator hands out RAM from here on; tests use what is below.
    private const ulong Pool = 0x2000_0000;

    private readonly IovaAllocator _iova;

    public DmaRig(bool hasPool = true, ulong poolBytes = 1 << 20, IAllocationGate? gate = null, long most = 0, ulong lastIova = (1UL << 48) - 1, Func<DmaRig, IDevicePrivateBroker>? broker = null)
    {
        Assert.Equal(Errno.None, Map.AddRam(new(new(0), RamEnd), out _));
        Assert.Equal(Errno.None, Map.AddRam(new(new(HighRam), RamEnd), out _));
        if (hasPool)
        {
            Assert.Equal(Errno.None, BouncePool.TryCreate(Memory, new() { Length = poolBytes, AllocationGate = gate }, out BouncePool? pool));
            Bounce = pool;
        }

        Table = new() { Gate = gate };
        _iova = new(TableDomain.Granule, new(0), new(lastIova));
        Domain = new(Table, _iova, IommuFlushMode.Strict);
        Mapper = new(Map, Routes, new() { Bounce = Bounce, HostMemory = Memory, AllocationGate = gate, MaxMappings = most, Broker = broker?.Invoke(this) });
        Direct = new("direct");
        Narrow = new("narrow", mask: uint.MaxValue);
        Translated = new("translated") { Domain = Domain };
        Untrusted = new("untrusted") { Domain = Domain, IsUntrusted = true };
    }

    public MemoryMap Map { get; } = new();

    public FakeRoutes Routes { get; } = new();

    public ByteMemory Memory { get; } = new(new(new(Pool), RamEnd - Pool));

    public BouncePool? Bounce { get; }

    public TableDomain Table { get; }

    public DmaDomain Domain { get; }

    public IovaAllocator Iova => _iova;

    public DmaMapper Mapper { get; }

    public DmaDevice Direct { get; }

    public DmaDevice Narrow { get; }

    public DmaDevice Translated { get; }

    public DmaDevice Untrusted { get; }

    public P2PProvider Peer(string owner, ulong start, ulong length, P2PMapType route)
    {
        Routes.ByOwner[owner] = route;
        Assert.Equal(Errno.None, Map.RegisterProvider(owner, null, 0, new(new(start), length), new(start + BusOffset), out P2PProvider? provider));
        return provider!;
    }

    /// <summary>A device's read or write of one byte, by the route its request takes; null where nothing answers.</summary>
    public ulong? Decode(DmaDevice device, DmaEntry entry, ulong offset, IommuAccess wanted)
    {
        ulong at = entry.Range.Start.Value + offset;
        if (entry.IsBusAddress)
        {
            return Map.Providers.Any(provider => provider.Range.Contains(new PhysicalAddress(at - provider.BusOffset))) ? at - BusOffset : null;
        }

        if (at > device.Mask)
        {
            return null;
        }

        return device.Domain is null ? at : Table.TryReach(at, wanted, out ulong physical) ? physical : null;
    }

    public byte[] DeviceReads(DmaDevice device, DmaRangeList addresses)
    {
        List<byte> bytes = [];
        foreach (DmaEntry entry in addresses)
        {
            for (ulong i = 0; i < entry.Range.Length; i++)
            {
                bytes.Add(Memory[Decode(device, entry, i, IommuAccess.Read) ?? throw new InvalidOperationException($"{entry} +{i}: nothing answers a read")]);
            }
        }

        return [.. bytes];
    }

    public void DeviceWrites(DmaDevice device, DmaRangeList addresses, Func<ulong, byte?> byteAt)
    {
        ulong done = 0;
        foreach (DmaEntry entry in addresses)
        {
            for (ulong i = 0; i < entry.Range.Length; i++, done++)
            {
                ulong at = Decode(device, entry, i, IommuAccess.Write) ?? throw new InvalidOperationException($"{entry} +{i}: nothing answers a write");
                if (byteAt(done) is { } value)
                {
                    Memory[at] = value;
                }
            }
        }
    }

    public byte[] CpuReads(RangeList list)
    {
        List<byte> bytes = [];
        foreach (ProvidedRange entry in list)
        {
            byte[] piece = new byte[entry.Range.Length];
            Memory.Read(entry.Range.Start, piece);
            bytes.AddRange(piece);
        }

        return [.. bytes];
    }

    public static DmaRangeList One(DmaAddress address, ulong length)
    {
        DmaRangeListBuilder builder = new();
        builder.Append(new(address, length));
        return builder.Build();
    }

    public static DmaEntry[] Entries(DmaRangeList list)
    {
        List<DmaEntry> entries = [];
        foreach (DmaEntry entry in list)
        {
            entries.Add(entry);
        }

        return [.. entries];
    }

    public static RangeList List(params (ulong Start, ulong Length)[] ranges)
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        foreach ((ulong start, ulong length) in ranges)
        {
            builder.Append(new PhysicalRange(new(start), length));
        }

        return builder.Build();
    }

    public DmaMapping MapList(DmaDevice device, RangeList list, DmaDirection direction = DmaDirection.Bidirectional, DmaAttributes attributes = DmaAttributes.None)
    {
        Assert.True(Mapper.TryMap(device, list, direction, attributes, out DmaMapping? mapping, out DmaMapError? error), error?.ToString());
        return mapping!;
    }

    public DmaAddress MapOne(DmaDevice device, PhysicalRange range, DmaDirection direction = DmaDirection.Bidirectional, DmaAttributes attributes = DmaAttributes.None)
    {
        DmaMapError? error = Mapper.TryMapPhys(device, range, direction, attributes, out DmaAddress address);
        Assert.True(error is null, error?.ToString());
        return address;
    }

    /// <summary>Nothing of any kind is out.</summary>
    public void AssertIdle()
    {
        Assert.Equal(0, Mapper.ActiveMappings);
        Assert.All<DmaDevice>([Direct, Narrow, Translated, Untrusted], static device => Assert.Equal((0, 0), (device.ActiveMappings, device.MappedBytes)));
        Assert.Equal(0, Map.ActiveProviderUses);
        Assert.Equal(0, Table.Granules);
        Assert.Equal(0, Table.StaleGranules);
        Assert.Equal(0, _iova.LiveCount);
        Assert.Equal(0, Bounce?.Statistics.UsedSlots ?? 0);
        Assert.Equal(Bounce is null ? 0 : 1, Memory.Taken);
    }

    public void Dispose()
    {
        _iova.Dispose();
        Bounce?.Dispose();
    }
}
