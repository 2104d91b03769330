// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Files;

/// <summary>What never changes of a file store. One line of 64 bytes, at the start of the device's first block and of its second.</summary>
/// <remarks>Eight little-endian words: magic, version, bytes of a block, blocks of the store, blocks of a metadata area, the store's number, 0, CRC32C of the words before.
/// The two metadata areas follow from block 2 on, then data.</remarks>
/// <param name="Blocks">Blocks of 4 KiB that the store has.</param>
/// <param name="AreaBlocks">Blocks of each metadata area.</param>
/// <param name="Id">The store's number: metadata of another store is not taken for its own.</param>
internal readonly record struct Superblock(ulong Blocks, ulong AreaBlocks, ulong Id)
{
    public const int Bytes = 64;
    public const int Copies = 2;
    public const ulong BlockBytes = PageSize.Size4K;
    public const ulong Version = 1;
    public const ulong LeastAreaBlocks = 2;
    private const ulong Magic = 0x3153_4652_5359_4850; // "PHYSRFS1"

    public ulong AreaBytes => AreaBlocks * BlockBytes;

    public ulong FirstDataBlock => Copies + (2 * AreaBlocks);

    public ulong AreaAt(int area) => (Copies + ((ulong)area * AreaBlocks)) * BlockBytes;

    public void Write(Span<byte> line)
    {
        ReadOnlySpan<ulong> words = [Magic, Version, BlockBytes, Blocks, AreaBlocks, Id, 0];
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(line[(8 * i)..], words[i]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(line[56..], Checksum.Of(line[..56], 0));
    }

    /// <summary>Reads and checks it, by itself and against the device.</summary>
    public static Errno TryParse(ReadOnlySpan<byte> line, ulong deviceBytes, out Superblock superblock, out string reason)
    {
        superblock = default;
        if (Word(line, 0) != Magic)
        {
            reason = $"no file store begins here: the magic is {Word(line, 0):x16}, not {Magic:x16}";
            return Errno.EUCLEAN;
        }

        if (Word(line, 7) != Checksum.Of(line[..56], 0))
        {
            reason = $"its checksum is {Word(line, 7):x}, not {Checksum.Of(line[..56], 0):x}";
            return Errno.EUCLEAN;
        }

        if (Word(line, 1) != Version || Word(line, 2) != BlockBytes || Word(line, 6) != 0)
        {
            reason = $"version {Word(line, 1)} with blocks of {Word(line, 2)} bytes is not known: version {Version} with blocks of {BlockBytes} is";
            return Errno.EOPNOTSUPP;
        }

        Superblock read = new(Word(line, 3), Word(line, 4), Word(line, 5));
        if (read.Blocks > int.MaxValue || read.AreaBlocks < LeastAreaBlocks || read.AreaBlocks > read.Blocks / 2 || read.FirstDataBlock >= read.Blocks)
        {
            reason = $"{read.Blocks} blocks do not hold two metadata areas of {read.AreaBlocks} blocks and data";
            return Errno.EUCLEAN;
        }

        if (read.Blocks > deviceBytes / BlockBytes)
        {
            reason = $"the store was made with {read.Blocks * BlockBytes} bytes, and the device has {deviceBytes}";
            return Errno.ENXIO;
        }

        superblock = read;
        reason = "";
        return Errno.None;
    }

    private static ulong Word(ReadOnlySpan<byte> line, int index) => BinaryPrimitives.ReadUInt64LittleEndian(line[(8 * index)..]);
}
