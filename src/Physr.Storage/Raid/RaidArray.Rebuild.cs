// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <content>New devices for lost members, filled step by step while the array works.</content>
public sealed partial class RaidArray
{
    /// <summary>Puts a device in a lost member's place; <see cref="RebuildStep"/> fills it.</summary>
    /// <param name="role">The place: a member that failed or is missing.</param>
    /// <param name="device">The device.</param>
    /// <param name="overwrite">Whether it is taken from another array, if it belongs to one.</param>
    /// <param name="reason">What is wrong, and what would be right.</param>
    /// <returns><see cref="Errno.EINVAL"/>, <see cref="Errno.EBUSY"/> for a place in use, <see cref="Errno.EROFS"/>, <see cref="Errno.ENOSPC"/>, <see cref="Errno.EEXIST"/>,
    /// <see cref="Errno.EIO"/>.</returns>
    public Errno TryReplace(int role, BlockDevice device, bool overwrite, out string reason)
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (_gate)
        {
            Errno errno = CheckReplacement(role, device, out reason);
            errno = errno != Errno.None || overwrite ? errno : CheckUnused(device, _pool, Id, out reason);
            if (errno != Errno.None)
            {
                return errno;
            }

            RaidMember member = _members[role];
            member.Device = device;
            member.Serial = _superblock.NextSerial++;
            member.SyncedBytes = 0;
            member.ReadErrors = 0;
            member.Reason = "it is being rebuilt";
            member.WastedBytes = (device.Sectors << Bio.SectorShift) - _layout.DataOffset - Geometry.MemberBytes;
            member.State = RaidMemberState.Rebuilding;
            if (_bitmap is not null)
            {
                Await(_bitmap.WriteAll(), "replace member");
            }

            _metadata.Touch();
            Await(_metadata.Settle(), "replace member");
            Judge();
            reason = member.State == RaidMemberState.Rebuilding ? "" : $"{Name}: {member}: {member.Reason}";
            return member.State == RaidMemberState.Rebuilding ? Errno.None : Errno.EIO;
        }
    }

    /// <summary>Fills members that are being rebuilt, some bytes further, and notes how far on the members: after a power cut it goes on from there.</summary>
    /// <param name="maxBytes">How many bytes of members at most; rounded up to a piece of a chunk.</param>
    /// <param name="progress">How far the members are, all together; 0 of 0 where none is being rebuilt.</param>
    /// <param name="reason">What went wrong, and where.</param>
    /// <returns><see cref="Errno.EIO"/> where the others cannot make up for what is missing; what was filled before stays.</returns>
    public Errno RebuildStep(ulong maxBytes, out RaidProgress progress, out string reason)
    {
        lock (_gate)
        {
            reason = "";
            Errno errno = Errno.None;
            RaidMember[] rebuilding = [.. _members.Where(static member => member.State == RaidMemberState.Rebuilding)];
            ulong done = 0;
            while (done < maxBytes && errno == Errno.None && Array.Find(rebuilding, static member => member.State == RaidMemberState.Rebuilding) is { } member)
            {
                ulong from = member.SyncedBytes;
                BlockStatus status = Await(Geometry.Parities != 0 ? RebuildColumn(member) : RebuildCopy(member), "rebuild member");
                if (status != BlockStatus.Ok || member.State != RaidMemberState.Rebuilding)
                {
                    errno = Errno.EIO;
                    reason = $"{Name}: {member} cannot be rebuilt beyond {from} bytes: {(member.State == RaidMemberState.Rebuilding ? $"the others gave {status}; {FailureReason}" : member.Reason)}";
                    break;
                }

                done += member.SyncedBytes - from;
                if (member.SyncedBytes >= Geometry.MemberBytes)
                {
                    member.State = RaidMemberState.InSync;
                    member.Reason = "";
                }
            }

            if (done != 0)
            {
                Judge();
                _metadata.Touch();
            }

            Await(_metadata.Settle(), "rebuild member");
            ulong filled = 0;
            foreach (RaidMember member in rebuilding)
            {
                filled += member.State == RaidMemberState.InSync ? Geometry.MemberBytes : member.SyncedBytes;
            }

            progress = new(filled, (ulong)rebuilding.Length * Geometry.MemberBytes);
            return errno;
        }
    }

    private Errno CheckReplacement(int role, BlockDevice device, out string reason)
    {
        reason = "";
        if ((uint)role >= (uint)_members.Length || Geometry.Tolerates == 0)
        {
            reason = $"{Name} has no member {role} that others could make up for";
            return Errno.EINVAL;
        }

        if (_members[role].IsWritable || State == RaidState.Failed)
        {
            reason = State == RaidState.Failed ? FailureReason : $"{Name}: {_members[role]} is in use; fail it first";
            return Errno.EBUSY;
        }

        if (_members.Any(member => member.Device == device && member.IsWritable) || device.IsReadOnly)
        {
            reason = device.IsReadOnly ? $"{device.Name} is read-only" : $"{device.Name} is a member already";
            return device.IsReadOnly ? Errno.EROFS : Errno.EINVAL;
        }

        if (device.Limits.LogicalBlockBytes > Limits.LogicalBlockBytes || (_dax is not null && device.Dax is null))
        {
            reason = $"{device.Name} has blocks of {device.Limits.LogicalBlockBytes} bytes{(device.Dax is null ? " and is no memory" : "")}; the array is in use with blocks of {Limits.LogicalBlockBytes}{(_dax is null ? "" : " and as memory")}";
            return Errno.EINVAL;
        }

        ulong least = (_layout.DataOffset + Geometry.MemberBytes) >> Bio.SectorShift;
        if (device.Sectors < least)
        {
            reason = $"{device.Name} has {device.Sectors} sectors; a member of {Name} has {least} or more";
            return Errno.ENOSPC;
        }

        return Errno.None;
    }

    /// <summary>One piece of a chunk of a parity array's member.</summary>
    private async Step<BlockStatus> RebuildColumn(RaidMember member)
    {
        ulong row = member.SyncedBytes / Geometry.ChunkBytes;
        uint low = (uint)(member.SyncedBytes % Geometry.ChunkBytes);
        await _locks.Enter(row);
        StripeSlot slot = await _pool.Take();
        try
        {
            slot.Use(_layout.SegmentBytes);
            BlockStatus status = await LoadRow(slot, row, low, _layout.SegmentBytes);
            return status == BlockStatus.Ok ? await FillMember(member, slot.ColumnRange(Geometry.PositionOf(row, member.Role))) : status;
        }
        finally
        {
            _pool.Give(slot);
            _locks.Exit(row);
        }
    }

    /// <summary>One piece of a chunk of a mirror's member.</summary>
    private async Step<BlockStatus> RebuildCopy(RaidMember member)
    {
        ulong at = member.SyncedBytes;
        ulong length = _layout.SegmentBytes - (at % _layout.SegmentBytes);
        if (!Geometry.TryFind(member.Role, at, out ulong offset, out int copy))
        {
            member.SyncedBytes += length;
            return BlockStatus.Ok;
        }

        ulong region = offset / _bitmap!.RegionBytes;
        await _locks.Enter(region);
        StripeSlot slot = await _pool.Take();
        try
        {
            slot.Use((uint)length);
            BlockStatus status = BlockStatus.IoError;
            for (int other = 0; other < Geometry.Copies && status != BlockStatus.Ok; other++)
            {
                status = other != copy ? await ReadCopy(slot.ColumnRange(0), offset, other) : status;
            }

            return status == BlockStatus.Ok ? await FillMember(member, slot.ColumnRange(0)) : status;
        }
        finally
        {
            _pool.Give(slot);
            _locks.Exit(region);
        }
    }

    private async Step<BlockStatus> ReadCopy(RangeListView into, ulong offset, int copy)
    {
        RaidLocation from = Geometry.Locate(offset, copy);
        RaidMember member = _members[from.Member];
        if (!member.Holds(from.Offset, into.Length))
        {
            return BlockStatus.IoError;
        }

        MemberWork read = new(1);
        read.Start(member, BioOperation.Read, _layout.DataOffset + from.Offset, into);
        if (await read)
        {
            return BlockStatus.Ok;
        }

        CountReadError(member, read[0].Status);
        return read[0].Status;
    }

    private async Step<BlockStatus> FillMember(RaidMember member, RangeListView bytes)
    {
        MemberWork write = new(1);
        write.Start(member, BioOperation.Write, _layout.DataOffset + member.SyncedBytes, bytes, BioFlags.ForceUnitAccess);
        if (!await write)
        {
            return FailWriters(write);
        }

        member.SyncedBytes += bytes.Length;
        return BlockStatus.Ok;
    }
}
