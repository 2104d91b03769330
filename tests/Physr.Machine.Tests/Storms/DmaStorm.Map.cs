// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;

namespace Physr.Machine.Tests.Storms;

/// <content>Mapping in the three forms.</content>
internal sealed partial class DmaStorm
{
    private void Map()
    {
        if (_live.Count >= MostLive)
        {
            Unmap();
        }

        int client = Pick(StormHost.Devices);
        StormMapping? mapping = _random.Below(4) switch
        {
            0 => MapStreaming(client),
            1 => MapTwoStep(client),
            _ => MapList(client),
        };
        if (mapping is not null)
        {
            _live.Add(mapping);
        }
    }

    private StormMapping? MapList(int client)
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        List<(StormMemory Memory, ulong Offset, ulong Length)> parts = [];
        bool isGone = false;
        for (int i = 1 + Pick(4); i > 0; i--)
        {
            StormMemory memory = _host.Memories[Pick(_host.Memories.Count)];
            ulong granule = _random.Below(2) == 0 ? PageSize.Size4K : 4;
            ulong offset = Alignment.Down(_random.Below(memory.Range.Length), granule);
            ulong length = Math.Min(memory.Range.Length - offset, granule * (1 + _random.Below(8)));
            builder.Append(memory.Range.Slice(offset, length), memory.Provider);
            parts.Add((memory, offset, length));
            isGone |= memory.Owner >= 0 && !_host.IsPresent(memory.Owner);
        }

        bool mapped = _host.Machine.Mapper.TryMap(_host.Dma(client), builder.Build(), DmaDirection.Bidirectional, DmaAttributes.None, out DmaMapping? mapping, out DmaMapError? error);
        Assert.True(mapped == !isGone, $"{error}");
        if (!mapped)
        {
            Assert.Equal(Errno.ENODEV, error!.Errno);
            Count("refused: provider gone");
            return null;
        }

        Count("list");
        List<DmaEntry> entries = [];
        foreach (DmaEntry entry in mapping!.Addresses)
        {
            entries.Add(entry);
        }

        return new(client, StormMapping.Cut(parts, entries), mapping.Dispose);
    }

    private StormMapping? MapStreaming(int client)
    {
        StormMemory memory = _host.Memories[Pick(_host.Memories.Count)];
        ulong offset = _random.Below(memory.Range.Length);
        ulong length = Math.Min(memory.Range.Length - offset, 1 + _random.Below(20_000));
        DmaAttributes attributes = memory.Owner < 0 ? DmaAttributes.None : DmaAttributes.Mmio;
        DmaDevice device = _host.Dma(client);
        IDmaMapper mapper = _host.Machine.Mapper;
        DmaMapError? error = mapper.TryMapPhys(device, memory.Range.Slice(offset, length), DmaDirection.Bidirectional, attributes, out DmaAddress address);
        Assert.Equal(error is not null, mapper.IsMappingError(device, address));
        Assert.Null(error);
        Count("streaming");

        // Where a device went with its provider, its range is any other device's MMIO: an address to map, behind which nobody answers.
        bool isBus = memory.Owner >= 0 && _host.IsPresent(memory.Owner) && IsBusRoute(client, memory.Owner);
        return new(client, [new(memory, offset, new(address, length), isBus)], () =>
            Assert.Equal(Errno.None, mapper.UnmapPhys(device, address, length, DmaDirection.Bidirectional, attributes)));
    }

    private StormMapping? MapTwoStep(int client)
    {
        StormMemory memory = _host.Memories[0];
        DmaDevice device = _host.Dma(client);
        IDmaMapper mapper = _host.Machine.Mapper;
        int links = 1 + Pick(4);
        ulong first = _random.Below(PageSize.Size4K);
        ulong total = ((ulong)links * PageSize.Size4K) - first;
        if (!mapper.TryReserve(device, memory.Range.Start.Add(first), total, out IovaReservation reservation))
        {
            Assert.False(_isTranslated);
            return null;
        }

        List<StormPiece> pieces = [];
        for (ulong done = 0; done < total;)
        {
            ulong offset = (PageSize.Size4K * _random.Below(memory.Range.Length / PageSize.Size4K)) + (done == 0 ? first : 0);
            ulong length = done == 0 ? PageSize.Size4K - first : PageSize.Size4K;
            Assert.Equal(Errno.None, mapper.Link(device, ref reservation, memory.Range.Slice(offset, length), done, DmaDirection.Bidirectional, DmaAttributes.None));
            pieces.Add(new(memory, offset, new(reservation.Address.Add(done), length), false));
            done += length;
        }

        Assert.Equal(Errno.None, mapper.Sync(device, ref reservation, 0, total));
        Count("two-step");
        return new(client, pieces, () => Assert.Equal(Errno.None, mapper.Destroy(device, ref reservation, total, DmaDirection.Bidirectional, DmaAttributes.None)));
    }

    private bool IsBusRoute(int client, int owner) =>
        _host.Machine.Routes.MapTypeOf(_host.Machine.ProviderOf(_host.Node(owner), 2), _host.Dma(client)) == P2PMapType.BusAddress;
}
