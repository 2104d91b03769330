// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <content>From array offsets to physical ranges and back (rows R85, R86a).</content>
internal sealed partial class RaidDaxDevice
{
    /// <inheritdoc/>
    public Errno TryDirectAccess(ulong offset, ulong length, DirectAccess access, RangeListBuilder list, out string reason)
    {
        ArgumentNullException.ThrowIfNull(list);
        reason = "";
        if (offset > Length || length > Length - offset)
        {
            reason = $"bytes {offset} to {offset + length} are not all of {Name}, which has {Length}";
            return Errno.ENXIO;
        }

        if (access == DirectAccess.Write && _geometry.Level != RaidLevel.Raid0)
        {
            reason = $"{Name} is {_geometry.Level}: bytes stored past it would miss {(_geometry.Parities != 0 ? "their parity" : "the other copies")}; write through the array, or map it private or read-only";
            return Errno.EOPNOTSUPP;
        }

        using RangeListBuilder ranges = RangeListBuilder.Rent();
        for (ulong done = 0; done < length;)
        {
            Errno errno = Append(offset + done, length - done, access, ranges, out ulong run, out reason);
            if (errno != Errno.None)
            {
                return errno;
            }

            done += run;
        }

        list.Append(ranges.Build());
        return Errno.None;
    }

    /// <inheritdoc/>
    public bool TryFindOffset(PhysicalAddress address, out ulong offset)
    {
        foreach (RaidMember member in array.Roles)
        {
            if (member.IsWritable && member.Device!.Dax!.TryFindOffset(address, out ulong at) && at >= _dataOffset)
            {
                return _geometry.TryFind(member.Role, at - _dataOffset, out offset, out _) && member.Holds(at - _dataOffset, 1);
            }
        }

        offset = 0;
        return false;
    }

    private Errno Append(ulong offset, ulong length, DirectAccess access, RangeListBuilder ranges, out ulong run, out string reason)
    {
        run = 0;
        reason = "";
        Errno errno = Errno.None;
        for (int copy = 0; copy < _geometry.Copies; copy++)
        {
            RaidLocation at = _geometry.Locate(offset, copy);
            RaidMember member = array.Roles[at.Member];
            run = Math.Min(at.Length, length);
            if (!member.Holds(at.Offset, run))
            {
                reason = reason.Length != 0 ? reason : $"{Name}: bytes {offset} to {offset + run} are on {member}, which does not hold them; replace it and rebuild, or read through the array";
                errno = Errno.EIO;
                continue;
            }

            errno = member.Device!.Dax!.TryDirectAccess(_dataOffset + at.Offset, run, access, ranges, out string why);
            if (errno == Errno.None)
            {
                reason = "";
                return errno;
            }

            reason = $"{Name}: {member}: {why}{(errno == Errno.EIO && _geometry.Tolerates != 0 ? "; reading it through the array brings it back" : "")}";
        }

        return errno;
    }

    /// <summary>Whether members hold bytes and lost none of them.</summary>
    private bool TryDirectAccess(ulong offset, ulong length, DirectAccess access)
    {
        using RangeListBuilder ranges = RangeListBuilder.Rent();
        return TryDirectAccess(offset, length, access, ranges, out _) == Errno.None;
    }
}
