// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Files;

/// <summary>The first line of a metadata area, 64 bytes: little-endian words magic, generation, bytes of the checkpoint, its CRC32C, the next file's number, the store's number,
/// CRC32C of the words before, and the state word.</summary>
/// <remarks>The state word is stored alone, after everything else is durable: the generation makes the area count, its complement says that the other area has taken over.</remarks>
internal readonly record struct AreaHeader(ulong Generation, ulong CheckpointBytes, ulong CheckpointCrc, ulong NextId, ulong StoreId, bool IsSuperseded)
{
    public const int Bytes = 64;
    public const int StateAt = 56;
    private const ulong Magic = 0x3152_4153_5359_4850; // "PHYSSAR1"

    /// <summary>Writes all but the state word, which becomes 0: the area does not count.</summary>
    public void Write(Span<byte> line)
    {
        ReadOnlySpan<ulong> words = [Magic, Generation, CheckpointBytes, CheckpointCrc, NextId, StoreId];
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(line[(8 * i)..], words[i]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(line[48..], Checksum.Of(line[..48], 0));
        BinaryPrimitives.WriteUInt64LittleEndian(line[StateAt..], 0);
    }

    /// <summary>Reads the header of an area that counts or did.</summary>
    /// <returns>False where nothing of the kind is there: never written, written in part, or damaged.</returns>
    public static bool TryParse(ReadOnlySpan<byte> line, Superblock superblock, out AreaHeader header)
    {
        ulong generation = Word(line, 1);
        ulong state = Word(line, 7);
        header = new(generation, Word(line, 2), Word(line, 3), Word(line, 4), Word(line, 5), state == ~generation);
        return Word(line, 0) == Magic && Word(line, 6) == Checksum.Of(line[..48], 0) && (state == generation || state == ~generation)
            && header.StoreId == superblock.Id && header.CheckpointBytes % 8 == 0 && header.CheckpointBytes <= MetadataLog.MostCheckpointBytes(superblock);
    }

    private static ulong Word(ReadOnlySpan<byte> line, int index) => BinaryPrimitives.ReadUInt64LittleEndian(line[(8 * index)..]);
}
