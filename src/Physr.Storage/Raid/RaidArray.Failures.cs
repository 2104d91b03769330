// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <content>Members that fail, and what the superblocks say of it.</content>
public sealed partial class RaidArray
{
    /// <summary>Reads of a member that may fail, each mended, before the member counts as failed.</summary>
    public const int MaxReadErrors = 64;

    /// <summary>Takes a member out of use, as if it had failed.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for no role or one that is not in use; <see cref="Errno.EBUSY"/> where the array cannot do without.</returns>
    public Errno Fail(int role, out string reason)
    {
        lock (_gate)
        {
            if ((uint)role >= (uint)_members.Length || !_members[role].IsWritable)
            {
                reason = $"{Name}: no member {role} is in use";
                return Errno.EINVAL;
            }

            if (!CanLose(_members[role]))
            {
                reason = $"{Name}: {_members[role]} holds bytes that no other member has; failing it would lose them";
                return Errno.EBUSY;
            }

            reason = "";
            MarkFailed(_members[role], "it was failed by request");
            Await(_metadata.Settle(), "fail member");
            return Errno.None;
        }
    }

    /// <summary>Whether every byte is still somewhere when a member is lost too.</summary>
    private bool CanLose(RaidMember lost)
    {
        if (lost.State == RaidMemberState.Rebuilding)
        {
            return true;
        }

        if (Geometry.Parities != 0)
        {
            bool isSynced = _superblock.ResyncedBytes == ulong.MaxValue;
            return isSynced && _members.Count(member => member != lost && member.State == RaidMemberState.InSync) >= Geometry.Members - Geometry.Parities;
        }

        return AllCopiesFindable(lost);
    }

    /// <summary>Whether every chunk has a copy on a member in sync other than one: the sets of roles that share a chunk repeat after as many chunks as there are members.</summary>
    private bool AllCopiesFindable(RaidMember? without)
    {
        ulong chunks = Geometry.Copies == Geometry.Members ? 1 : Math.Min((ulong)Geometry.Members, Geometry.ArrayBytes / Geometry.ChunkBytes);
        for (ulong chunk = 0; chunk < chunks; chunk++)
        {
            bool isThere = false;
            for (int copy = 0; copy < Geometry.Copies; copy++)
            {
                RaidMember member = _members[Geometry.Locate(chunk * Geometry.ChunkBytes, copy).Member];
                isThere |= member != without && member.State == RaidMemberState.InSync;
            }

            if (!isThere)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes a member out of use, or the array where it cannot do without.</summary>
    private void MarkFailed(RaidMember member, string why)
    {
        if (!member.IsWritable)
        {
            return;
        }

        if (!CanLose(member))
        {
            if (State != RaidState.Failed)
            {
                State = RaidState.Failed;
                FailureReason = $"{Name}: {member} failed ({why}), and without it too much is missing: {string.Join(", ", _members.Where(static each => each.State != RaidMemberState.InSync))}";
            }

            return;
        }

        member.State = RaidMemberState.Failed;
        member.SyncedBytes = 0;
        member.Reason = why;
        Judge();
        _metadata.Touch();
    }

    /// <summary>Judges how the array stands from its members.</summary>
    private void Judge()
    {
        int inSync = _members.Count(static member => member.State == RaidMemberState.InSync);
        bool isWhole = Geometry.Parities != 0 ? inSync >= Geometry.Members - Geometry.Parities : AllCopiesFindable(null);
        if (State != RaidState.Failed || isWhole)
        {
            State = !isWhole ? RaidState.Failed : inSync == Geometry.Members ? RaidState.Healthy : RaidState.Degraded;
        }
    }

    /// <summary>Members that could not write are out of use. A write holds where every byte of it reached a member.</summary>
    private BlockStatus FailWriters(MemberWork work)
    {
        uint none = 0;
        return FailWriters(work, mustAgree: false, mayRetry: false, ref none);
    }

    /// <summary>Members that could not write are out of use.</summary>
    /// <param name="work">The writes.</param>
    /// <param name="mustAgree">Whether a member that did not get its part holds wrong bytes from now on, whatever the cause: the rest of a row is in place.</param>
    /// <param name="mayRetry">Whether writes that came at a bad time are tried again.</param>
    /// <param name="retried">Gets a bit for the tag of each of those.</param>
    private BlockStatus FailWriters(MemberWork work, bool mustAgree, bool mayRetry, ref uint retried)
    {
        BlockStatus status = BlockStatus.Ok;
        for (int i = 0; i < work.Count; i++)
        {
            (RaidMember member, BlockStatus ended, int tag) = work[i];
            if (ended == BlockStatus.Resource && mayRetry)
            {
                retried |= 1U << tag;
            }
            else if (!mustAgree && (ended is BlockStatus.Invalid or BlockStatus.Resource))
            {
                // The request was wrong, or came at a bad time: no fault of the member's.
                status = status == BlockStatus.Ok ? ended : status;
            }
            else if (ended != BlockStatus.Ok)
            {
                MarkFailed(member, $"a write ended with {ended}");
                status = member.IsWritable ? BlockStatus.IoError : status;
            }
        }

        return status;
    }

    /// <summary>A read failed.</summary>
    private void CountReadError(RaidMember member, BlockStatus status)
    {
        member.ReadErrors++;
        if (status == BlockStatus.Offline)
        {
            MarkFailed(member, "it is offline");
        }
        else if (member.ReadErrors > MaxReadErrors)
        {
            MarkFailed(member, $"more than {MaxReadErrors} reads failed");
        }
    }

    /// <summary>Says on the members that something may be under way, once.</summary>
    private Step<bool> MarkDirty()
    {
        if (_superblock.IsClean)
        {
            _superblock.IsClean = false;
            _metadata.Touch();
        }

        return _metadata.Settle();
    }

    /// <summary>Writes both superblocks of every member: the first ones everywhere, then the second ones.</summary>
    private async Step<bool> WriteSuperblocks()
    {
        _superblock.Event++;
        foreach (RaidMember member in _members)
        {
            ulong sectors = member.Device?.Sectors ?? _superblock.Members[member.Role].Sectors;
            _superblock.Members[member.Role] = new(member.Serial, sectors, member.SyncedBytes, member.State);
        }

        foreach (RaidMember member in _members)
        {
            _superblock.Write(_pool.SuperblockBytes(member.Role), member.Role);
        }

        for (ulong place = 0; place <= RaidLayout.SecondSuperblock; place += RaidLayout.SecondSuperblock)
        {
            MemberWork work = new(_members.Length);
            foreach (RaidMember member in _members)
            {
                if (member.IsWritable)
                {
                    work.Start(member, BioOperation.Write, place, _pool.Superblock(member.Role), BioFlags.ForceUnitAccess);
                }
            }

            if (!await work)
            {
                FailWriters(work);
            }
        }

        return true;
    }
}
