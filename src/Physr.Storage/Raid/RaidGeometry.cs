// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Storage.Raid;

/// <summary>Where the bytes of an array lie: the mapping of array offsets to members and back, nothing else (rows R85a, R86a).</summary>
/// <remarks>
/// <para>Levels 0, 1 and 10 put copy <c>k</c> of chunk <c>c</c> at slot <c>c * copies + k</c>, and slot <c>s</c> at row <c>s / members</c> of member <c>s % members</c> ("near" layout;
/// one copy is RAID-0, a copy on each member is RAID-1).</para>
/// <para>Levels 5 and 6 rotate left-symmetrically: the P of row <c>r</c> is on member <c>members - 1 - r % members</c>, Q on the next one, the row's first data chunk on the one after
/// the parity, and so on, all modulo the members. A <em>position</em> numbers the chunks of a row: its data chunks from 0, then P, then Q.</para>
/// </remarks>
public sealed record RaidGeometry
{
    /// <summary>Most members of an array.</summary>
    public const int MaxMembers = 32;

    /// <summary>The largest chunk, in bytes.</summary>
    public const uint MaxChunkBytes = 4U << 20;

    private readonly int _chunkShift;

    private RaidGeometry(RaidLevel level, int members, uint chunkBytes, int copies, ulong memberBytes)
    {
        Level = level;
        Members = members;
        ChunkBytes = chunkBytes;
        Copies = copies;
        MemberBytes = memberBytes;
        _chunkShift = BitOperations.Log2(chunkBytes);
        Parities = level switch { RaidLevel.Raid5 => 1, RaidLevel.Raid6 => 2, _ => 0 };
        Rows = memberBytes >> _chunkShift;
        DataPositions = members - Parities;
        ulong chunks = Parities != 0 ? Rows * (ulong)DataPositions : Rows * (ulong)members / (ulong)copies;
        ArrayBytes = chunks << _chunkShift;
    }

    /// <summary>The level.</summary>
    public RaidLevel Level { get; }

    /// <summary>How many members.</summary>
    public int Members { get; }

    /// <summary>Bytes of a chunk, a power of two.</summary>
    public uint ChunkBytes { get; }

    /// <summary>Copies of each chunk; 1 for RAID-0, 5 and 6.</summary>
    public int Copies { get; }

    /// <summary>Chunks of parity in each row.</summary>
    public int Parities { get; }

    /// <summary>Data chunks in each row of RAID-5 and 6.</summary>
    public int DataPositions { get; }

    /// <summary>Bytes that are used of each member's data area.</summary>
    public ulong MemberBytes { get; }

    /// <summary>Rows of chunks over all members.</summary>
    public ulong Rows { get; }

    /// <summary>Bytes of the array.</summary>
    public ulong ArrayBytes { get; }

    /// <summary>Data bytes of a row of RAID-5 and 6.</summary>
    public ulong RowBytes => (ulong)DataPositions << _chunkShift;

    /// <summary>How many members may be lost, whichever they are.</summary>
    public int Tolerates => Parities != 0 ? Parities : Copies - 1;

    /// <summary>Checks what is wanted.</summary>
    /// <param name="level">The level.</param>
    /// <param name="members">How many members: RAID-0 and 1 from 1 on, RAID-10 from <paramref name="copies"/> on, RAID-5 from 3 on, RAID-6 from 4 on.</param>
    /// <param name="chunkBytes">A power of two from 4 KiB to <see cref="MaxChunkBytes"/>.</param>
    /// <param name="copies">Copies of RAID-10, from 2 on; ignored elsewhere.</param>
    /// <param name="memberBytes">Bytes that each member has for data; cut to whole chunks.</param>
    /// <param name="geometry">The mapping.</param>
    /// <param name="reason">What is wrong, and what would be right.</param>
    /// <returns><see cref="Errno.EINVAL"/>; <see cref="Errno.ENOSPC"/> where a member has no room for a chunk.</returns>
    public static Errno TryCreate(RaidLevel level, int members, uint chunkBytes, int copies, ulong memberBytes, out RaidGeometry? geometry, out string reason)
    {
        geometry = null;
        copies = level switch { RaidLevel.Raid1 => members, RaidLevel.Raid10 => copies, _ => 1 };
        int least = level switch { RaidLevel.Raid0 or RaidLevel.Raid1 => 1, RaidLevel.Raid5 => 3, RaidLevel.Raid6 => 4, _ => Math.Max(copies, 2) };
        if (level is not (RaidLevel.Raid0 or RaidLevel.Raid1 or RaidLevel.Raid5 or RaidLevel.Raid6 or RaidLevel.Raid10))
        {
            reason = $"level {(int)level} is not known: 0, 1, 5, 6 or 10";
            return Errno.EINVAL;
        }

        if (members < least || members > MaxMembers)
        {
            reason = $"{level} takes {least} to {MaxMembers} members, not {members}";
            return Errno.EINVAL;
        }

        if (!BitOperations.IsPow2(chunkBytes) || chunkBytes < PageSize.Size4K || chunkBytes > MaxChunkBytes)
        {
            reason = $"a chunk of {chunkBytes} bytes is no power of two from {PageSize.Size4K} to {MaxChunkBytes}";
            return Errno.EINVAL;
        }

        if (level == RaidLevel.Raid10 && copies < 2)
        {
            reason = $"RAID-10 keeps 2 copies or more, not {copies}; one copy is RAID-0";
            return Errno.EINVAL;
        }

        if (memberBytes < chunkBytes || memberBytes > ulong.MaxValue / (2 * MaxMembers))
        {
            reason = $"{memberBytes} bytes for data on each member hold no chunk of {chunkBytes} bytes, or are beyond counting";
            return Errno.ENOSPC;
        }

        reason = "";
        geometry = new(level, members, chunkBytes, copies, Alignment.Down(memberBytes, chunkBytes));
        return Errno.None;
    }

    /// <summary>Where a byte lies.</summary>
    /// <param name="offset">A byte of the array.</param>
    /// <param name="copy">Which of its copies, from 0.</param>
    public RaidLocation Locate(ulong offset, int copy = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, ArrayBytes);
        if (Copies == Members && Parities == 0)
        {
            return new(copy, offset, ArrayBytes - offset);
        }

        ulong chunk = offset >> _chunkShift;
        ulong into = offset & (ChunkBytes - 1);
        if (Parities != 0)
        {
            (ulong parityRow, ulong position) = Math.DivRem(chunk, (ulong)DataPositions);
            return new(MemberAt(parityRow, (int)position), (parityRow << _chunkShift) + into, ChunkBytes - into);
        }

        (ulong row, ulong member) = Math.DivRem((chunk * (ulong)Copies) + (ulong)copy, (ulong)Members);
        return new((int)member, (row << _chunkShift) + into, ChunkBytes - into);
    }

    /// <summary>Which byte of the array lies somewhere: the way back.</summary>
    /// <returns>False where parity lies, or nothing.</returns>
    public bool TryFind(int member, ulong memberOffset, out ulong offset, out int copy)
    {
        offset = 0;
        copy = 0;
        if ((uint)member >= (uint)Members || memberOffset >= MemberBytes)
        {
            return false;
        }

        ulong row = memberOffset >> _chunkShift;
        ulong into = memberOffset & (ChunkBytes - 1);
        if (Parities != 0)
        {
            int position = PositionOf(row, member);
            offset = (((row * (ulong)DataPositions) + (ulong)position) << _chunkShift) + into;
            return position < DataPositions;
        }

        (ulong chunk, ulong which) = Math.DivRem((row * (ulong)Members) + (ulong)member, (ulong)Copies);
        copy = (int)which;
        offset = (chunk << _chunkShift) + into;
        return offset < ArrayBytes;
    }

    /// <summary>The member that holds a position of a row of RAID-5 or 6.</summary>
    public int MemberAt(ulong row, int position)
    {
        int parity = Members - 1 - (int)(row % (ulong)Members);
        return position < DataPositions ? (parity + Parities + position) % Members : (parity + position - DataPositions) % Members;
    }

    /// <summary>The position that a member holds in a row of RAID-5 or 6.</summary>
    public int PositionOf(ulong row, int member)
    {
        int parity = Members - 1 - (int)(row % (ulong)Members);
        int distance = (member - parity + Members) % Members;
        return distance < Parities ? DataPositions + distance : distance - Parities;
    }
}
