// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;

namespace Physr.Machine.Tests.Storms;

/// <content>Devices at work: through what is mapped, and through what was.</content>
internal sealed partial class DmaStorm
{
    private void Access()
    {
        IEnumerable<StormMapping> slices = _importers.Where(static each => each.Importer.Mapping is not null).Select(static each => each.Importer.Mapping!);
        int lent = _random.Below(8) == 0 ? slices.Count() : 0;
        if (lent > 0)
        {
            Access(slices.ElementAt(Pick(lent)));
            Count("slice access");
        }
        else if (_live.Count > 0)
        {
            Access(_live[Pick(_live.Count)]);
        }
    }

    private void Access(StormMapping mapping)
    {
        StormPiece piece = mapping.Pieces[Pick(mapping.Pieces.Count)];
        ulong offset = _random.Below(piece.Addresses.Length);
        int length = (int)Math.Min(piece.Addresses.Length - offset, 1 + _random.Below((ulong)_bytes.Length));
        Span<byte> bytes = _bytes.AsSpan(0, length);
        Span<byte> expected = piece.Memory.Expected.AsSpan((int)(piece.Offset + offset), length);
        DmaAddress at = piece.Addresses.Start.Add(offset);
        BusStatus should = Expect(mapping.Client, piece);
        BusStatus status;
        if (_random.Below(2) == 0)
        {
            _random.Fill(bytes);
            status = _host.Bus(mapping.Client).Write(at, bytes, Traffic.Payload).Status;
            if (status == BusStatus.Success)
            {
                bytes.CopyTo(expected);
            }
        }
        else
        {
            status = _host.Bus(mapping.Client).Read(at, bytes, Traffic.Payload).Status;
            Assert.True(status != BusStatus.Success || bytes.SequenceEqual(expected), $"wrong bytes at {at} of {mapping.Client}: {piece}");
        }

        Assert.True(status == should, $"device {mapping.Client} at {at}: {status}, not {should}: {piece}");
        Count(status == BusStatus.Success ? piece.IsBusAddress ? "access by bus address" : "access" : $"refused: {status}");
    }

    /// <summary>How an access through a live mapping has to end.</summary>
    private BusStatus Expect(int client, StormPiece piece)
    {
        int owner = piece.Memory.Owner;
        if (!_host.IsPresent(client))
        {
            return BusStatus.DeviceGone;
        }

        if (piece.IsBusAddress && owner == client && _host.DecodesMemory(owner))
        {
            return BusStatus.Success;
        }

        if (piece.IsBusAddress && (_host.IsRedirected(client) || (owner == client && !_host.HasPort(client))))
        {
            // A peer mapped before the port was told to redirect, or memory of its own that it decodes no longer: the request goes up, where an IOMMU does not know the
            // address; without one the root complex takes it for a CPU address.
            return _isTranslated ? BusStatus.IommuFault : _hasBusOffset ? BusStatus.UnsupportedRequest : ExpectTarget(owner);
        }

        return ExpectTarget(owner);
    }

    private BusStatus ExpectTarget(int owner) =>
        owner < 0 ? BusStatus.Success
        : !_host.DecodesMemory(owner) ? BusStatus.UnsupportedRequest
        : !_host.IsPresent(owner) ? BusStatus.DeviceGone
        : BusStatus.Success;

    /// <summary>A device that kept an address: strict unmapping lets it reach nothing; lazy unmapping, for a while, what was there; never anything else.</summary>
    private void AccessStale()
    {
        if (_stale.Count == 0 || !_isTranslated)
        {
            return;
        }

        StormMapping mapping = _stale[Pick(_stale.Count)];
        StormPiece piece = mapping.Pieces[Pick(mapping.Pieces.Count)];
        if (piece.IsBusAddress || !_host.IsPresent(mapping.Client) || IsLive(mapping.Client, piece.Addresses))
        {
            return;
        }

        ulong offset = _random.Below(piece.Addresses.Length);
        int length = (int)Math.Min(piece.Addresses.Length - offset, 16);
        BusStatus status = _host.Bus(mapping.Client).Read(piece.Addresses.Start.Add(offset), _bytes.AsSpan(0, length), Traffic.Payload).Status;
        Count($"stale: {status}");
        if (_isStrict)
        {
            Assert.Equal(BusStatus.IommuFault, status);
        }
        else if (status == BusStatus.Success)
        {
            Assert.True(_bytes.AsSpan(0, length).SequenceEqual(piece.Memory.Expected.AsSpan((int)(piece.Offset + offset), length)), $"a stale address reached other bytes: {piece}");
        }
    }

    /// <summary>Whether the addresses, or others in their granules, were handed out again to the same device.</summary>
    private bool IsLive(int client, DmaRange addresses)
    {
        DmaRange granules = Granules(addresses);
        return _live.Any(mapping => mapping.Client == client && Covers(mapping, granules))
            || _importers.Any(each => each.Importer.Mapping is { } mapping && mapping.Client == client && Covers(mapping, granules));
    }

    private static bool Covers(StormMapping mapping, DmaRange granules) =>
        mapping.Pieces.Any(piece => !piece.IsBusAddress && Granules(piece.Addresses).Overlaps(granules));

    private static DmaRange Granules(DmaRange addresses) =>
        DmaRange.FromBounds(addresses.Start.AlignDown(PageSize.Size4K), addresses.End.AlignUp(PageSize.Size4K));
}
