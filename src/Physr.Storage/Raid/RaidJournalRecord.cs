// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Raid;

/// <summary>The header of an entry of the journal. The new bytes of the data that is written follow it, by position, then those of the parity.</summary>
/// <param name="Sequence">Counts entries.</param>
/// <param name="Oldest">The lowest sequence that was under way when this was written: what is older is in place.</param>
/// <param name="Row">The row.</param>
/// <param name="Low">The first byte within each chunk.</param>
/// <param name="Length">Bytes of each chunk.</param>
/// <param name="Written">A bit for each data position that follows.</param>
/// <param name="HasBytes">Whether bytes follow. A row that is written whole has none: parity is computed again from whatever became of the data.</param>
/// <param name="PayloadChecksum">Of the bytes that follow.</param>
internal readonly record struct RaidJournalRecord(ulong Sequence, ulong Oldest, ulong Row, uint Low, uint Length, uint Written, bool HasBytes, uint PayloadChecksum)
{
    private const ulong Magic = 0x4C4E_524A_5259_4850; // "PHYRJRNL"
    private const int ChecksumOffset = 76;

    /// <summary>Writes the header.</summary>
    public void Write(Span<byte> block, Guid array)
    {
        block.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(block, Magic);
        array.TryWriteBytes(block[8..]);
        BinaryPrimitives.WriteUInt64LittleEndian(block[24..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(block[32..], Oldest);
        BinaryPrimitives.WriteUInt64LittleEndian(block[40..], Row);
        BinaryPrimitives.WriteUInt32LittleEndian(block[48..], Low);
        BinaryPrimitives.WriteUInt32LittleEndian(block[52..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(block[56..], Written);
        BinaryPrimitives.WriteUInt32LittleEndian(block[60..], HasBytes ? 1U : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(block[64..], PayloadChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(block[ChecksumOffset..], Crc32C.Of(block[..ChecksumOffset]));
    }

    /// <summary>Reads a header; false where there is none, it is torn, of another array, or fits no row.</summary>
    public static bool TryRead(ReadOnlySpan<byte> block, Guid array, RaidGeometry geometry, RaidLayout layout, out RaidJournalRecord record)
    {
        record = new(
            BinaryPrimitives.ReadUInt64LittleEndian(block[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[40..]),
            BinaryPrimitives.ReadUInt32LittleEndian(block[48..]),
            BinaryPrimitives.ReadUInt32LittleEndian(block[52..]),
            BinaryPrimitives.ReadUInt32LittleEndian(block[56..]),
            BinaryPrimitives.ReadUInt32LittleEndian(block[60..]) != 0,
            BinaryPrimitives.ReadUInt32LittleEndian(block[64..]));
        uint all = (1U << geometry.DataPositions) - 1;
        return BinaryPrimitives.ReadUInt64LittleEndian(block) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(block[ChecksumOffset..]) == Crc32C.Of(block[..ChecksumOffset])
            && new Guid(block.Slice(8, 16)) == array
            && record.Row < geometry.Rows
            && record.Length != 0
            && record.Length <= layout.SegmentBytes
            && record.Low < geometry.ChunkBytes
            && record.Length <= geometry.ChunkBytes - record.Low
            && ((record.Low | record.Length) % Bio.SectorBytes) == 0
            && record.Written != 0
            && (record.Written & ~all) == 0;
    }
}
