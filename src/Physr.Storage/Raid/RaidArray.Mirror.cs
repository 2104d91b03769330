// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <content>Writes of levels 1 and 10: to every copy, region by region.</content>
public sealed partial class RaidArray
{
    /// <summary>How many bytes in a row are read from one copy before the next one's turn.</summary>
    private const int BalanceShift = 17;

    internal void ReportFailedWrites(MemberWork work) => FailWriters(work);

    /// <summary>Reads a piece of a chunk of a mirror: from the copies in turn where they agree, else always from the first.</summary>
    private async Step<BlockStatus> ReadMirror(Bio bio, ulong done, ulong length)
    {
        ulong offset = (bio.Sector << Bio.SectorShift) + done;
        RangeListView data = bio.Data.Slice(done, length);
        int copy = ChooseCopy(offset, length);
        if (copy < 0)
        {
            return BlockStatus.IoError;
        }

        RaidLocation at = Geometry.Locate(offset, copy);
        MemberWork work = new(1);
        work.Start(_members[at.Member], BioOperation.Read, _layout.DataOffset + at.Offset, data);
        if (await work)
        {
            return BlockStatus.Ok;
        }

        BlockStatus failed = work[0].Status;
        if (failed is BlockStatus.Invalid or BlockStatus.Resource)
        {
            return failed;
        }

        CountReadError(_members[at.Member], failed);
        ulong region = offset / _bitmap!.RegionBytes;
        await _locks.Enter(region);
        try
        {
            return await ReadOtherCopies(offset, length, data, copy);
        }
        finally
        {
            _locks.Exit(region);
        }
    }

    /// <summary>Reads another copy, and writes what it holds over the one that failed.</summary>
    private async Step<BlockStatus> ReadOtherCopies(ulong offset, ulong length, RangeListView data, int failedCopy)
    {
        BlockStatus status = BlockStatus.Medium;
        for (int other = 0; other < Geometry.Copies; other++)
        {
            RaidLocation at = Geometry.Locate(offset, other);
            if (other == failedCopy || !_members[at.Member].Holds(at.Offset, length))
            {
                continue;
            }

            MemberWork read = new(1);
            read.Start(_members[at.Member], BioOperation.Read, _layout.DataOffset + at.Offset, data);
            if (!await read)
            {
                CountReadError(_members[at.Member], read[0].Status);
                continue;
            }

            RaidLocation lost = Geometry.Locate(offset, failedCopy);
            await Mend(_members[lost.Member], lost.Offset, data);
            status = BlockStatus.Ok;
            break;
        }

        await _metadata.Settle();
        return status;
    }

    /// <summary>Writes bytes that a member lost back to it. What cannot be written either costs the member its place.</summary>
    private async Step<bool> Mend(RaidMember member, ulong offset, RangeListView data)
    {
        if (!member.Holds(offset, data.Length) || member.Device!.IsReadOnly)
        {
            return false;
        }

        MemberWork write = new(1);
        write.Start(member, BioOperation.Write, _layout.DataOffset + offset, data, BioFlags.ForceUnitAccess);
        if (await write)
        {
            member.Corrected++;
            return true;
        }

        FailWriters(write);
        return false;
    }

    /// <summary>Which copy to read; -1 where none is left.</summary>
    private int ChooseCopy(ulong offset, ulong length)
    {
        // Copies may differ where a write is under way or was cut short: then it is always the first that holds the bytes.
        ulong region = offset / _bitmap!.RegionBytes;
        int first = _locks.IsHeld(region) || _bitmap.IsUnsynced(region) ? 0 : (int)((offset >> BalanceShift) % (ulong)Geometry.Copies);
        for (int i = 0; i < Geometry.Copies; i++)
        {
            int copy = (first + i) % Geometry.Copies;
            RaidLocation at = Geometry.Locate(offset, copy);
            if (_members[at.Member].Holds(at.Offset, length))
            {
                return copy;
            }
        }

        return -1;
    }

    private void StartRegions(Bio bio, List<Step<BlockStatus>> pieces)
    {
        ulong start = bio.Sector << Bio.SectorShift;
        for (ulong done = 0; done < bio.Bytes;)
        {
            ulong region = (start + done) / _bitmap!.RegionBytes;
            ulong length = Math.Min(bio.Bytes - done, ((region + 1) * _bitmap.RegionBytes) - (start + done));
            pieces.Add(WriteRegion(bio, region, done, length));
            done += length;
        }
    }

    private async Step<BlockStatus> WriteRegion(Bio bio, ulong region, ulong done, ulong length)
    {
        await _locks.Enter(region);
        try
        {
            if (IsProtected)
            {
                await MarkDirty();
                await _bitmap!.Mark(region);
            }

            BlockStatus status = await WriteCopies(bio, done, length);
            if (status != BlockStatus.Ok)
            {
                _bitmap!.Unsync(region);
            }

            await _metadata.Settle();
            return status;
        }
        finally
        {
            _locks.Exit(region);
        }
    }

    private async Step<BlockStatus> WriteCopies(Bio bio, ulong done, ulong length)
    {
        // What a discard leaves behind is a device's choice, and copies have to agree: zeros.
        BioOperation operation = bio.Operation == BioOperation.Discard ? BioOperation.WriteZeroes : bio.Operation;
        BioFlags flags = bio.Flags & ~BioFlags.PreFlush;
        ulong start = bio.Sector << Bio.SectorShift;
        MemberWork work = new(Geometry.Copies);
        for (ulong at = done; at < done + length;)
        {
            ulong run = Math.Min(Geometry.Locate(start + at).Length, done + length - at);
            for (int copy = 0; copy < Geometry.Copies; copy++)
            {
                RaidLocation place = Geometry.Locate(start + at, copy);
                RaidMember member = _members[place.Member];
                if (!member.IsWritable)
                {
                    continue;
                }

                if (operation == BioOperation.Write)
                {
                    work.Start(member, operation, _layout.DataOffset + place.Offset, bio.Data.Slice(at, run), flags);
                }
                else
                {
                    work.Start(member, operation, _layout.DataOffset + place.Offset, run, flags);
                }
            }

            at += run;
        }

        return await work ? BlockStatus.Ok : FailWriters(work);
    }
}
