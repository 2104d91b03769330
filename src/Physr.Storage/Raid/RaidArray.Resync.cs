// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <content>Copies and parity that may not agree, because the array is new or was cut off, are made to.</content>
public sealed partial class RaidArray
{
    /// <summary>Whether copies or parity may not agree somewhere.</summary>
    public bool NeedsResync => _superblock.ResyncedBytes != ulong.MaxValue || _bitmap is { UnsyncedCount: > 0 };

    /// <summary>Makes copies agree with the first one, or parity with its data, some bytes further. What is read of the array does not change by it.</summary>
    /// <param name="maxBytes">How many bytes at most: of the array for mirrors, of each member for parity; rounded up to a region or a piece of a chunk.</param>
    /// <param name="progress">How far it is: of this call's work for mirrors, of the whole for parity.</param>
    /// <param name="reason">What went wrong, and where.</param>
    /// <returns><see cref="Errno.EIO"/> where a member cannot be read.</returns>
    public Errno ResyncStep(ulong maxBytes, out RaidProgress progress, out string reason)
    {
        lock (_gate)
        {
            reason = "";
            ulong done = 0;
            ulong total = _bitmap is null ? Geometry.MemberBytes : (ulong)_bitmap.UnsyncedCount * _bitmap.RegionBytes;
            BlockStatus status = BlockStatus.Ok;
            while (done < maxBytes && NeedsResync && status == BlockStatus.Ok)
            {
                if (_bitmap is not null)
                {
                    status = Await(ResyncRegion(_bitmap.FirstUnsynced), "resync");
                    done += _bitmap.RegionBytes;
                }
                else
                {
                    status = Await(ResyncColumn(), "resync");
                    done += _layout.SegmentBytes;
                }
            }

            if (_bitmap is null && done != 0)
            {
                _metadata.Touch();
            }

            if (_bitmap is { UnsyncedCount: 0 } && done != 0 && _locks.Count == 0 && Await(FlushMembers(clears: true), "resync") == BlockStatus.Ok)
            {
                _superblock.IsClean = true;
                _metadata.Touch();
            }

            Await(_metadata.Settle(), "resync");
            progress = _bitmap is not null ? new(Math.Min(done, total), total) : new(Math.Min(_superblock.ResyncedBytes, total), total);
            reason = status == BlockStatus.Ok ? "" : $"{Name}: copies or parity could not be made to agree: {status} {FailureReason}";
            return status == BlockStatus.Ok ? Errno.None : Errno.EIO;
        }
    }

    private async Step<BlockStatus> ResyncColumn()
    {
        ulong at = _superblock.ResyncedBytes;
        ulong row = at / Geometry.ChunkBytes;
        await _locks.Enter(row);
        StripeSlot slot = await _pool.Take();
        try
        {
            slot.Use(_layout.SegmentBytes);
            StripeWrite write = new(row, (uint)(at % Geometry.ChunkBytes), _layout.SegmentBytes, 0, new RangeListView[Geometry.DataPositions]);
            BlockStatus status = await LoadRow(slot, row, write.Low, write.Length);
            if (status == BlockStatus.Ok)
            {
                ParityRecovery.Generate(slot, Geometry.DataPositions, Geometry.Parities);
                status = await WriteInPlace(slot, write);
            }

            if (status == BlockStatus.Ok)
            {
                at += _layout.SegmentBytes;
                _superblock.ResyncedBytes = at >= Geometry.MemberBytes ? ulong.MaxValue : at;
            }

            return status;
        }
        finally
        {
            _pool.Give(slot);
            _locks.Exit(row);
        }
    }

    private async Step<BlockStatus> ResyncRegion(ulong region)
    {
        await _locks.Enter(region);
        StripeSlot slot = await _pool.Take();
        try
        {
            ulong end = Math.Min((region + 1) * _bitmap!.RegionBytes, Geometry.ArrayBytes);
            for (ulong at = region * _bitmap.RegionBytes; at < end;)
            {
                ulong length = Math.Min(Math.Min(Geometry.Locate(at).Length, end - at), _layout.SegmentBytes);
                slot.Use((uint)length);
                BlockStatus status = await CompareCopies(slot, at, isRepair: true, null);
                if (status != BlockStatus.Ok)
                {
                    return status;
                }

                at += length;
            }

            _bitmap.Synced(region);
            return BlockStatus.Ok;
        }
        finally
        {
            _pool.Give(slot);
            _locks.Exit(region);
        }
    }

    /// <summary>Compares the copies of a piece with the first that can be read. The region is locked.</summary>
    private async Step<BlockStatus> CompareCopies(StripeSlot slot, ulong offset, bool isRepair, List<RaidMismatch>? mismatches)
    {
        ulong length = slot.ColumnRange(0).Length;
        int first = -1;
        BlockStatus status = BlockStatus.IoError;
        uint unreadable = 0;
        for (int copy = 0; copy < Geometry.Copies; copy++)
        {
            RaidLocation at = Geometry.Locate(offset, copy);
            if (!_members[at.Member].Holds(at.Offset, length))
            {
                continue;
            }

            BlockStatus read = await ReadCopy(slot.ColumnRange(first < 0 ? 0 : 1), offset, copy);
            status = read == BlockStatus.Ok || first < 0 ? read : status;
            unreadable |= read != BlockStatus.Ok ? 1U << copy : 0;
            if (read == BlockStatus.Ok && first < 0)
            {
                first = copy;
            }
            else if (read == BlockStatus.Ok && !slot.Column(0).SequenceEqual(slot.Column(1)))
            {
                bool isRepaired = isRepair && await Overwrite(_members[at.Member], at.Offset, slot.ColumnRange(0));
                mismatches?.Add(new(offset, length, at.Member, isRepaired));
            }
        }

        for (int copy = 0; copy < Geometry.Copies && first >= 0; copy++)
        {
            if ((unreadable & (1U << copy)) != 0)
            {
                RaidLocation at = Geometry.Locate(offset, copy);
                await Mend(_members[at.Member], at.Offset, slot.ColumnRange(0));
            }
        }

        return first >= 0 ? BlockStatus.Ok : status;
    }

    private async Step<bool> Overwrite(RaidMember member, ulong offset, RangeListView bytes)
    {
        MemberWork write = new(1);
        write.Start(member, BioOperation.Write, _layout.DataOffset + offset, bytes, BioFlags.ForceUnitAccess);
        bool isGood = await write;
        if (!isGood)
        {
            FailWriters(write);
        }

        return isGood;
    }
}
