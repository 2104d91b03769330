// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage;

/// <content>Splitting by limits (<c>bio_split_to_limits</c>).</content>
public abstract partial class BlockDevice
{
    /// <summary>Gives the device the whole where it fits, else part after part.</summary>
    private void Divide(Bio bio)
    {
        ulong done = 0;
        ulong first = bio.Operation == BioOperation.Flush ? bio.Bytes : Largest(bio, 0);
        if (first == bio.Bytes)
        {
            Begin(bio);
            return;
        }

        while (done < bio.Bytes && first != 0)
        {
            Begin(bio.Part(done, first, bio.Sector + (done >> Bio.SectorShift)));
            done += first;
            first = done < bio.Bytes ? Largest(bio, done) : 0;
        }

        // Not even one block fits where its memory is in too many pieces.
        bio.Complete(done == bio.Bytes ? BlockStatus.Ok : BlockStatus.Invalid);
    }

    /// <summary>How many bytes from an offset make one request; 0 where not even a block does.</summary>
    private ulong Largest(Bio bio, ulong offset)
    {
        ulong most = bio.Bytes - offset;
        ulong sector = bio.Sector + (offset >> Bio.SectorShift);
        ulong sectors = bio.Operation switch
        {
            BioOperation.Discard => Limits.MaxDiscardSectors,
            BioOperation.WriteZeroes => Limits.MaxWriteZeroesSectors,
            _ => Limits.MaxSectors,
        };
        most = sectors != 0 ? Math.Min(most, sectors << Bio.SectorShift) : most;
        if (Limits.ChunkSectors != 0)
        {
            most = Math.Min(most, (Limits.ChunkSectors - (sector % Limits.ChunkSectors)) << Bio.SectorShift);
        }

        if (bio.Operation is not (BioOperation.Read or BioOperation.Write))
        {
            return most;
        }

        most = Limits.SingleProvider ? ByProvider(bio.Data.Slice(offset, most)) : most;
        return Limits.MaxSegments != 0 && most != 0 ? BySegments(bio.Data.Slice(offset, most)) : most;
    }

    private ulong ByProvider(RangeListView data)
    {
        ulong bytes = 0;
        ProviderIndex? owner = null;
        foreach (ProvidedRange entry in data)
        {
            if (owner is { } first && entry.Provider != first)
            {
                return Alignment.Down(bytes, Limits.LogicalBlockBytes);
            }

            owner = entry.Provider;
            bytes += entry.Range.Length;
        }

        return bytes;
    }

    private ulong BySegments(RangeListView data)
    {
        ulong bytes = 0;
        int segments = 0;
        foreach (ProvidedRange segment in data.Segments(new() { MaxSegmentSize = Limits.MaxSegmentBytes, BoundaryMask = Limits.BoundaryMask }))
        {
            if (segments == Limits.MaxSegments)
            {
                return Alignment.Down(bytes, Limits.LogicalBlockBytes);
            }

            bytes += segment.Range.Length;
            segments++;
        }

        return bytes;
    }
}
