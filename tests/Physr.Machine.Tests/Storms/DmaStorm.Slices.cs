// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Sharing;

namespace Physr.Machine.Tests.Storms;

/// <content>Slices of BARs, lent and taken back.</content>
internal sealed partial class DmaStorm
{
    private readonly List<(int Owner, int Client, StormImporter Importer, DmaBufAttachment Attachment)> _importers = [];

    private void Importers()
    {
        for (int owner = 0; owner < StormHost.Devices; owner++)
        {
            for (int client = 0; client < StormHost.Devices; client++)
            {
                if (client != owner)
                {
                    StormImporter importer = new();
                    Assert.Equal(Errno.None, _host.Buffers[owner].TryAttach(importer, _host.Dma(client), out DmaBufAttachment? attachment));
                    _importers.Add((owner, client, importer, attachment!));
                }
            }
        }
    }

    private void MapSlices()
    {
        if (_importers.Count == 0)
        {
            return;
        }

        (int owner, int client, StormImporter importer, DmaBufAttachment attachment) = _importers[Pick(_importers.Count)];
        if (importer.Mapping is { } mapped)
        {
            importer.GiveBack();
            Remember(mapped);
            Count("slices given back");
            return;
        }

        DmaMapError? error = attachment.TryMapUnlocked(DmaDirection.Bidirectional, out DmaBufMapping? mapping);
        if (_host.Buffers[owner].IsRevoked)
        {
            Assert.Equal(Errno.ENODEV, error?.Errno);
            Count("refused: revoked");
            return;
        }

        Assert.Null(error);
        List<DmaEntry> entries = [];
        foreach (DmaEntry entry in mapping!.Addresses)
        {
            entries.Add(entry);
        }

        StormMemory bar = _host.Memories[1 + owner];
        importer.Took(mapping, new(client, StormMapping.Cut([(bar, 0x1000, 0x1000), (bar, 0x4000, 0x2000), (bar, 0x3000, 0x1000)], entries), static () => { }));
        Count("slices mapped");
    }

    /// <summary>What revoking took from the importers is stale now.</summary>
    private void ForgetRevoked(int owner)
    {
        foreach ((int _, int _, StormImporter importer, DmaBufAttachment _) in _importers.Where(each => each.Owner == owner))
        {
            if (importer.TakeRevoked() is { } revoked)
            {
                Remember(revoked);
                Count("slices revoked");
            }
        }
    }

    /// <summary>A device goes: what it uses of others and what others use of it ends.</summary>
    private void CloseSlices(int device)
    {
        for (int i = _importers.Count - 1; i >= 0; i--)
        {
            (int owner, int client, StormImporter importer, DmaBufAttachment attachment) = _importers[i];
            if (owner == device || client == device)
            {
                if (importer.Mapping is not null)
                {
                    importer.GiveBack();
                }

                Assert.Equal(Errno.None, attachment.TryDetach());
                _importers.RemoveAt(i);
            }
        }
    }
}
