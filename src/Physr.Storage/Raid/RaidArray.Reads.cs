// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <content>Reads, chunk by chunk, and rows of RAID-5 and 6 that have to be put together from what is left.</content>
public sealed partial class RaidArray
{
    private void StartChunkReads(Bio bio, List<Step<BlockStatus>> pieces)
    {
        ulong start = bio.Sector << Bio.SectorShift;
        for (ulong done = 0; done < bio.Bytes;)
        {
            ulong length = Math.Min(Geometry.Locate(start + done).Length, bio.Bytes - done);
            if (Geometry.Parities != 0)
            {
                pieces.Add(ReadParityChunk(bio, done, length));
            }
            else
            {
                length = Math.Min(length, _bitmap!.RegionBytes - ((start + done) % _bitmap.RegionBytes));
                pieces.Add(ReadMirror(bio, done, length));
            }

            done += length;
        }
    }

    /// <summary>Reads a piece of a data chunk: from its member, or from the others.</summary>
    private async Step<BlockStatus> ReadParityChunk(Bio bio, ulong done, ulong length)
    {
        RaidLocation at = Geometry.Locate((bio.Sector << Bio.SectorShift) + done);
        RaidMember member = _members[at.Member];
        if (member.Holds(at.Offset, length))
        {
            MemberWork work = new(1);
            work.Start(member, BioOperation.Read, _layout.DataOffset + at.Offset, bio.Data.Slice(done, length));
            if (await work)
            {
                return BlockStatus.Ok;
            }

            BlockStatus failed = work[0].Status;
            if (failed is BlockStatus.Invalid or BlockStatus.Resource)
            {
                return failed;
            }

            // The row is read again below, this member with it, where the failure is counted and mended.
        }

        ulong row = at.Offset / Geometry.ChunkBytes;
        for (ulong part = 0; part < length;)
        {
            uint low = (uint)((at.Offset + part) % Geometry.ChunkBytes);
            uint count = (uint)Math.Min(length - part, _layout.SegmentBytes - (low % _layout.SegmentBytes));
            BlockStatus status = await ReadLostColumn(row, low, Geometry.PositionOf(row, at.Member), bio.Data.Slice(done + part, count));
            if (status != BlockStatus.Ok)
            {
                return status;
            }

            part += count;
        }

        return BlockStatus.Ok;
    }

    private async Step<BlockStatus> ReadLostColumn(ulong row, uint low, int position, RangeListView data)
    {
        await _locks.Enter(row);
        StripeSlot slot = await _pool.Take();
        try
        {
            slot.Use((uint)data.Length);
            BlockStatus status = await LoadRow(slot, row, low, (uint)data.Length);
            if (status == BlockStatus.Ok)
            {
                status = HostMemory.TryWrite(_host.Bytes, data, slot.Column(position)) == Errno.None ? BlockStatus.Ok : BlockStatus.Invalid;
            }

            await _metadata.Settle();
            return status;
        }
        finally
        {
            _pool.Give(slot);
            _locks.Exit(row);
        }
    }

    /// <summary>Reads a piece of every chunk of a row into a slot's columns and brings back what cannot be read. Blocks that a member lost are written back to it. The row is locked.</summary>
    private async Step<BlockStatus> LoadRow(StripeSlot slot, ulong row, uint low, uint length)
    {
        uint lost = 0;
        BlockStatus worst = BlockStatus.IoError;
        ulong offset = (row * Geometry.ChunkBytes) + low;
        MemberWork work = new(Geometry.Members);
        for (int position = 0; position < Geometry.Members; position++)
        {
            RaidMember member = _members[Geometry.MemberAt(row, position)];
            if (member.Holds(offset, length))
            {
                work.Start(member, BioOperation.Read, _layout.DataOffset + offset, slot.ColumnRange(position), BioFlags.None, position);
            }
            else
            {
                lost |= 1U << position;
            }
        }

        uint unreadable = 0;
        if (!await work)
        {
            for (int i = 0; i < work.Count; i++)
            {
                (RaidMember member, BlockStatus status, int position) = work[i];
                if (status != BlockStatus.Ok)
                {
                    unreadable |= 1U << position;
                    worst = status;
                    CountReadError(member, status);
                }
            }
        }

        lost |= unreadable;
        if (lost == 0)
        {
            return BlockStatus.Ok;
        }

        if (!IsSynced(offset, length) || !ParityRecovery.TryRecover(slot, Geometry.DataPositions, Geometry.Parities, lost))
        {
            return worst;
        }

        for (int position = 0; position < Geometry.Members; position++)
        {
            if ((unreadable & (1U << position)) != 0)
            {
                await Mend(_members[Geometry.MemberAt(row, position)], offset, slot.ColumnRange(position));
            }
        }

        return BlockStatus.Ok;
    }

    /// <summary>Whether parity agrees with the data there.</summary>
    private bool IsSynced(ulong offset, ulong length) => offset + length <= _superblock.ResyncedBytes;
}
