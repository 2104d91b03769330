// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;

namespace Physr.Storage.Raid;

/// <content>The block as bytes, little-endian.</content>
internal sealed partial class RaidSuperblock
{
    /// <summary>Most entries of a journal.</summary>
    public const int MaxSlots = 64;

    /// <summary>Bytes of a name.</summary>
    public const int MaxNameBytes = 32;

    private const ulong Magic = 0x4449_4152_5259_4850; // "PHYRRAID"
    private const uint Version = 1;
    private const uint CleanFlag = 1;
    private const int TableOffset = 256;
    private const int EntryBytes = 32;
    private const int ChecksumOffset = (int)RaidLayout.BlockBytes - 4;

    /// <summary>Whether bytes look like a superblock, whole or not.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> block) => BinaryPrimitives.ReadUInt64LittleEndian(block) == Magic;

    /// <summary>Writes the block of a member.</summary>
    public void Write(Span<byte> block, int role)
    {
        block = block[..(int)RaidLayout.BlockBytes];
        block.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(block, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(block[12..], (int)Geometry.Level);
        BinaryPrimitives.WriteInt32LittleEndian(block[16..], Geometry.Members);
        BinaryPrimitives.WriteInt32LittleEndian(block[20..], Geometry.Copies);
        BinaryPrimitives.WriteUInt32LittleEndian(block[24..], Geometry.ChunkBytes);
        BinaryPrimitives.WriteInt32LittleEndian(block[28..], Slots);
        Id.TryWriteBytes(block[32..]);
        Encoding.UTF8.GetBytes(Name, block.Slice(48, MaxNameBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(block[80..], Event);
        BinaryPrimitives.WriteUInt32LittleEndian(block[88..], IsClean ? CleanFlag : 0);
        BinaryPrimitives.WriteInt32LittleEndian(block[92..], role);
        BinaryPrimitives.WriteUInt64LittleEndian(block[96..], Layout.DataOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(block[104..], Geometry.MemberBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(block[112..], ResyncedBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(block[120..], NextSerial);
        for (int i = 0; i < Members.Length; i++)
        {
            Span<byte> entry = block.Slice(TableOffset + (i * EntryBytes), EntryBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(entry, Members[i].Serial);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], Members[i].Sectors);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], Members[i].SyncedBytes);
            BinaryPrimitives.WriteInt32LittleEndian(entry[24..], (int)Members[i].State);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(block[ChecksumOffset..], Crc32C.Of(block[..ChecksumOffset]));
    }

    /// <summary>Reads a block. Whatever the bytes, nothing is thrown and nothing contradictory is accepted.</summary>
    /// <returns><see cref="Errno.ENODATA"/> where there is none; <see cref="Errno.EUCLEAN"/> where it is damaged.</returns>
    public static Errno TryRead(ReadOnlySpan<byte> block, out RaidSuperblock? superblock, out string reason)
    {
        superblock = null;
        if (!HasMagic(block))
        {
            reason = "no superblock";
            return Errno.ENODATA;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(block[ChecksumOffset..]) != Crc32C.Of(block[..ChecksumOffset]))
        {
            reason = "its checksum does not fit";
            return Errno.EUCLEAN;
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
        if (version != Version)
        {
            reason = $"version {version} is not known; this is version {Version}";
            return Errno.EUCLEAN;
        }

        RaidLevel level = (RaidLevel)BinaryPrimitives.ReadInt32LittleEndian(block[12..]);
        int members = BinaryPrimitives.ReadInt32LittleEndian(block[16..]);
        int copies = BinaryPrimitives.ReadInt32LittleEndian(block[20..]);
        uint chunk = BinaryPrimitives.ReadUInt32LittleEndian(block[24..]);
        int slots = BinaryPrimitives.ReadInt32LittleEndian(block[28..]);
        int role = BinaryPrimitives.ReadInt32LittleEndian(block[92..]);
        ulong memberBytes = BinaryPrimitives.ReadUInt64LittleEndian(block[104..]);
        Errno errno = RaidGeometry.TryCreate(level, members, chunk, copies, memberBytes, out RaidGeometry? geometry, out reason);
        if (errno != Errno.None || geometry is null)
        {
            return Errno.EUCLEAN;
        }

        if (slots is < 1 or > MaxSlots || role < 0 || role >= members || geometry.MemberBytes != memberBytes || copies != geometry.Copies)
        {
            reason = $"{slots} journal entries, role {role} of {members}, {copies} copies and {memberBytes} bytes contradict each other";
            return Errno.EUCLEAN;
        }

        RaidLayout layout = RaidLayout.Of(level, members, chunk, slots);
        ulong dataOffset = BinaryPrimitives.ReadUInt64LittleEndian(block[96..]);
        if (dataOffset != layout.DataOffset)
        {
            reason = $"data at {dataOffset} is not where this layout has it, at {layout.DataOffset}";
            return Errno.EUCLEAN;
        }

        ulong resynced = BinaryPrimitives.ReadUInt64LittleEndian(block[112..]);
        if (resynced != ulong.MaxValue && (geometry.Parities == 0 || !IsPlace(resynced, geometry, layout)))
        {
            reason = $"parity that agrees with its data up to {resynced} bytes is none that this layout can have";
            return Errno.EUCLEAN;
        }

        ulong nextSerial = BinaryPrimitives.ReadUInt64LittleEndian(block[120..]);
        if (!TryReadMembers(block, geometry, layout, nextSerial, out Entry[] entries, out reason))
        {
            return Errno.EUCLEAN;
        }

        ReadOnlySpan<byte> name = block.Slice(48, MaxNameBytes);
        superblock = new()
        {
            Id = new(block.Slice(32, 16)),
            Name = Encoding.UTF8.GetString(name[..(name.IndexOf((byte)0) is int end and >= 0 ? end : MaxNameBytes)]),
            Geometry = geometry,
            Layout = layout,
            Slots = slots,
            Event = BinaryPrimitives.ReadUInt64LittleEndian(block[80..]),
            IsClean = (BinaryPrimitives.ReadUInt32LittleEndian(block[88..]) & CleanFlag) != 0,
            Role = role,
            ResyncedBytes = resynced,
            NextSerial = nextSerial,
            Members = entries,
        };
        return Errno.None;
    }

    /// <summary>Whether two blocks of the same event tell the same story.</summary>
    public bool AgreesWith(RaidSuperblock other) =>
        IsClean == other.IsClean && ResyncedBytes == other.ResyncedBytes && NextSerial == other.NextSerial && Geometry == other.Geometry && Slots == other.Slots
        && Members.AsSpan().SequenceEqual(other.Members);

    private static bool IsPlace(ulong offset, RaidGeometry geometry, RaidLayout layout) => offset < geometry.MemberBytes && offset % layout.SegmentBytes == 0;

    private static bool TryReadMembers(ReadOnlySpan<byte> block, RaidGeometry geometry, RaidLayout layout, ulong nextSerial, out Entry[] entries, out string reason)
    {
        entries = new Entry[geometry.Members];
        reason = "";
        for (int i = 0; i < entries.Length; i++)
        {
            ReadOnlySpan<byte> entry = block.Slice(TableOffset + (i * EntryBytes), EntryBytes);
            RaidMemberState state = (RaidMemberState)BinaryPrimitives.ReadInt32LittleEndian(entry[24..]);
            entries[i] = new(
                BinaryPrimitives.ReadUInt64LittleEndian(entry),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]),
                state);
            if (state is < RaidMemberState.Missing or > RaidMemberState.Failed)
            {
                reason = $"state {(int)state} of member {i} is not known";
                return false;
            }

            bool isUsed = state is RaidMemberState.InSync or RaidMemberState.Rebuilding;
            if (isUsed && (entries[i].Serial == 0 || entries[i].Sectors < (layout.DataOffset + geometry.MemberBytes) >> Bio.SectorShift))
            {
                reason = $"member {i} of {entries[i].Sectors} sectors cannot hold {geometry.MemberBytes} bytes of data";
                return false;
            }

            bool isPlaceable = state != RaidMemberState.Rebuilding || (geometry.Tolerates != 0 && IsPlace(entries[i].SyncedBytes, geometry, layout));
            if (!isPlaceable || entries[i].Serial >= nextSerial)
            {
                reason = $"member {i} is rebuilt up to {entries[i].SyncedBytes} bytes, or counted beyond {nextSerial}: neither can be";
                return false;
            }
        }

        return true;
    }
}
