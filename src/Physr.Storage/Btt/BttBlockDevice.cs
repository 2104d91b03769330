// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Btt;

/// <summary>The sectors of a translation table as a block device. A write is durable when it completes; there is nothing to flush.</summary>
public sealed class BttBlockDevice : BlockDevice
{
    private readonly BttDevice _table;
    private readonly IHostBytes _host;

    /// <summary>Makes a block device.</summary>
    /// <param name="table">Its sectors.</param>
    /// <param name="host">Where the memory at the other end of bios is.</param>
    public BttBlockDevice(BttDevice table, IHostBytes host)
        : base(
            (table ?? throw new ArgumentNullException(nameof(table))).Name, table.Sectors * (table.SectorBytes >> Bio.SectorShift),
            new() { LogicalBlockBytes = table.SectorBytes, MaxDiscardSectors = uint.MaxValue, AlignmentMask = 0 })
    {
        ArgumentNullException.ThrowIfNull(host);
        _table = table;
        _host = host;
    }

    /// <inheritdoc/>
    public override bool IsReadOnly => _table.IsReadOnly;

    /// <inheritdoc/>
    protected override void Start(Bio bio)
    {
        Errno errno = bio.Operation switch
        {
            BioOperation.Flush => Errno.None,
            BioOperation.Read or BioOperation.Write => Move(bio),
            _ => Zero(bio),
        };
        bio.Complete(DaxBlockDevice.StatusOf(errno));
    }

    private Errno Move(Bio bio)
    {
        Span<byte> buffer = stackalloc byte[4096];
        buffer = buffer[..(int)_table.SectorBytes];
        bool isRead = bio.Operation == BioOperation.Read;
        ulong sector = (bio.Sector << Bio.SectorShift) / _table.SectorBytes;
        int filled = 0;
        foreach (ProvidedRange entry in bio.Data)
        {
            for (ulong done = 0; done < entry.Range.Length;)
            {
                Errno errno = isRead && filled == 0 ? _table.TryRead(sector, buffer) : Errno.None;
                Span<byte> part = buffer.Slice(filled, (int)Math.Min((ulong)(buffer.Length - filled), entry.Range.Length - done));
                PhysicalAddress address = entry.Range.Start.Add(done);
                errno = errno != Errno.None ? errno : isRead ? _host.TryWrite(address, part) : _host.TryRead(address, part);
                filled += part.Length;
                done += (ulong)part.Length;
                if (filled == buffer.Length)
                {
                    errno = errno != Errno.None || isRead ? errno : _table.TryWrite(sector, buffer);
                    sector++;
                    filled = 0;
                }

                if (errno != Errno.None)
                {
                    return errno;
                }
            }
        }

        return Errno.None;
    }

    private Errno Zero(Bio bio)
    {
        ulong first = (bio.Sector << Bio.SectorShift) / _table.SectorBytes;
        for (ulong done = 0; done < bio.Bytes / _table.SectorBytes; done++)
        {
            Errno errno = _table.TryZero(first + done);
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        return Errno.None;
    }
}
