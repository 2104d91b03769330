// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>Holds bios back for a moment to join neighbours, then submits fewer and larger ones (<c>blk_plug</c>): to the back of one that is there, or to its front.</summary>
/// <remarks>What is joined completes together: each of the bios gets the whole's status. Dispose submits what is left.</remarks>
public sealed class BlockPlug : IDisposable
{
    private readonly BlockDevice _device;
    private readonly List<Train> _trains = [];

    /// <summary>Plugs a device.</summary>
    public BlockPlug(BlockDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
    }

    /// <summary>Bios joined to another so far.</summary>
    public int Merges { get; private set; }

    /// <summary>Takes a bio, joins it where it can.</summary>
    public void Submit(Bio bio)
    {
        ArgumentNullException.ThrowIfNull(bio);
        bool isMergeable = bio.Operation is BioOperation.Read or BioOperation.Write && (bio.Flags & (BioFlags.NoMerge | BioFlags.PreFlush | BioFlags.ForceUnitAccess)) == BioFlags.None && bio.Bytes != 0;
        if (!isMergeable)
        {
            // It may depend on the order.
            Flush();
            _device.Submit(bio);
            return;
        }

        foreach (Train train in _trains)
        {
            if (TryJoin(train, bio))
            {
                Merges++;
                return;
            }
        }

        // A write across what another one holds back must not pass it.
        if (_trains.Exists(train => train.Overlaps(bio)))
        {
            Flush();
        }

        _trains.Add(new(bio));
    }

    /// <summary>Submits everything held back, in the order of the first of each.</summary>
    public void Flush()
    {
        foreach (Train train in _trains)
        {
            _device.Submit(train.Bios.Count == 1 ? train.Bios[0] : train.Join());
        }

        _trains.Clear();
    }

    /// <summary>Submits what is left.</summary>
    public void Dispose() => Flush();

    private bool TryJoin(Train train, Bio bio)
    {
        Bio first = train.Bios[0];
        Bio last = train.Bios[^1];
        bool isBack = last.Sector + last.Sectors == bio.Sector;
        bool isFront = bio.Sector + bio.Sectors == first.Sector;
        if ((!isBack && !isFront) || bio.Operation != first.Operation || bio.Flags != first.Flags)
        {
            return false;
        }

        ulong sectors = train.Sectors + bio.Sectors;
        ulong start = isBack ? first.Sector : bio.Sector;
        BlockQueueLimits limits = _device.Limits;
        bool fits = (limits.MaxSectors == 0 || sectors <= limits.MaxSectors)
            && (limits.ChunkSectors == 0 || start / limits.ChunkSectors == (start + sectors - 1) / limits.ChunkSectors)
            && (!limits.SingleProvider || OwnerOf(bio) == OwnerOf(first))
            && (limits.MaxSegments == 0 || train.CountSegments(bio, isBack, limits) <= limits.MaxSegments);
        if (fits)
        {
            train.Bios.Insert(isBack ? train.Bios.Count : 0, bio);
            train.Sectors = sectors;
        }

        return fits;
    }

    private static ProviderIndex OwnerOf(Bio bio)
    {
        foreach (ProvidedRange entry in bio.Data)
        {
            return entry.Provider;
        }

        return default;
    }

    /// <summary>Bios that follow each other on the device.</summary>
    private sealed class Train(Bio first)
    {
        public List<Bio> Bios { get; } = [first];

        public ulong Sectors { get; set; } = first.Sectors;

        public bool Overlaps(Bio bio) => bio.Sector < Bios[0].Sector + Sectors && Bios[0].Sector < bio.Sector + bio.Sectors;

        public int CountSegments(Bio more, bool isBack, BlockQueueLimits limits)
        {
            int count = 0;
            foreach (ProvidedRange _ in Data(more, isBack).Segments(new() { MaxSegmentSize = limits.MaxSegmentBytes, BoundaryMask = limits.BoundaryMask }))
            {
                count++;
            }

            return count;
        }

        public Bio Join()
        {
            Bio[] joined = [.. Bios];
            return new(joined[0].Operation, joined[0].Sector, Data(null, isBack: true).All, joined[0].Flags)
            {
                Completed = whole =>
                {
                    foreach (Bio bio in joined)
                    {
                        bio.Complete(whole.Status);
                    }
                },
            };
        }

        private RangeList Data(Bio? more, bool isBack)
        {
            using RangeListBuilder builder = RangeListBuilder.Rent();
            if (more is not null && !isBack)
            {
                builder.Append(more.Data);
            }

            foreach (Bio bio in Bios)
            {
                builder.Append(bio.Data);
            }

            if (more is not null && isBack)
            {
                builder.Append(more.Data);
            }

            return builder.Build();
        }
    }
}
