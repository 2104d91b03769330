// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Btt;

/// <summary>The newer of the two flog entries of a free block: the last write that took a free block and gave another back (<c>EFI_BTT_FLOG</c>).</summary>
/// <param name="Sector">The sector written.</param>
/// <param name="OldBlock">The block it had: free from then on.</param>
/// <param name="NewBlock">The block it got.</param>
/// <param name="Sequence">1, 2, 3, 1, ...</param>
/// <param name="Half">Which of the two places it lies in.</param>
internal readonly record struct BttFlogEntry(uint Sector, uint OldBlock, uint NewBlock, uint Sequence, int Half)
{
    public const int SizeBytes = 16;

    public static uint After(uint sequence) => sequence % 3 + 1;

    /// <summary>Writes it: the half that holds the sequence number comes last, so that a torn entry is still the old one.</summary>
    public void Format(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Sector);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], OldBlock);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], NewBlock);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], Sequence);
    }

    /// <summary>Reads the newer of two.</summary>
    /// <returns>False where the sequence numbers do not say which it is, or it names a sector or block that is not there.</returns>
    public static bool TryParse(ReadOnlySpan<byte> group, in BttLayout layout, out BttFlogEntry entry)
    {
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(group[12..]);
        uint second = BinaryPrimitives.ReadUInt32LittleEndian(group[(SizeBytes + 12)..]);
        entry = default;
        if (first > 3 || second > 3 || first == second)
        {
            return false;
        }

        int half = second == 0 || (first != 0 && After(second) == first) ? 0 : 1;
        ReadOnlySpan<byte> bytes = group.Slice(half * SizeBytes, SizeBytes);
        entry = new(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes), BttMapEntry.BlockIn(BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..])),
            BttMapEntry.BlockIn(BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..])), half == 0 ? first : second, half);
        return entry.Sector < layout.Sectors && entry.OldBlock < layout.Blocks && entry.NewBlock < layout.Blocks;
    }
}
