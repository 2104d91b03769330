// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Pmem;

/// <summary>One of the two index blocks at the start of a label area: which slots are free, and a sequence number that says which of the two counts (UEFI 2.7, 13.19.4).</summary>
internal sealed class LabelIndex
{
    private const int FreeAt = 72;
    private const int ChecksumAt = 64;

    // 256 bytes a label: 1 << (7 + this).
    private const byte LabelSizeCode = 1;
    private readonly byte[] _free;

    private LabelIndex(uint sequence, uint slots, byte[] free)
    {
        Sequence = sequence;
        Slots = slots;
        _free = free;
    }

    /// <summary>1, 2, 3, 1, ...</summary>
    public uint Sequence { get; }

    public uint Slots { get; }

    private static ReadOnlySpan<byte> Signature => "NAMESPACE_INDEX\0"u8;

    /// <summary>How many slots a label area has, and how long each of its two indexes is; 0 slots where it is too short.</summary>
    public static (uint Slots, int IndexBytes) Shape(ulong areaBytes)
    {
        ulong index = PmemLabel.SizeBytes;
        while (true)
        {
            ulong slots = areaBytes > 2 * index ? (areaBytes - (2 * index)) / PmemLabel.SizeBytes : 0;
            ulong needed = Alignment.Up(FreeAt + ((slots + 7) / 8), PmemLabel.SizeBytes);
            if (needed <= index)
            {
                return slots > int.MaxValue / PmemLabel.SizeBytes ? (0, 0) : ((uint)slots, (int)index);
            }

            index = needed;
        }
    }

    /// <summary>An index of which every slot is free.</summary>
    public static LabelIndex AllFree(uint slots, uint sequence)
    {
        byte[] free = new byte[(slots + 7) / 8];
        LabelIndex index = new(sequence, slots, free);
        for (uint slot = 0; slot < slots; slot++)
        {
            index.Mark(slot, isFree: true);
        }

        return index;
    }

    /// <summary>The sequence number after one.</summary>
    public static uint After(uint sequence) => sequence % 3 + 1;

    /// <summary>Which of two valid copies counts: the one whose number follows the other's; of two equal ones the second, as UEFI has it.</summary>
    public static int Newer(LabelIndex first, LabelIndex second) => After(second.Sequence) == first.Sequence ? 0 : 1;

    /// <summary>The next index: the same slots, the following number.</summary>
    public LabelIndex Next() => new(After(Sequence), Slots, [.. _free]);

    public bool IsFree(uint slot) => (_free[slot >> 3] & (1 << (int)(slot & 7))) != 0;

    public void Mark(uint slot, bool isFree)
    {
        byte bit = (byte)(1 << (int)(slot & 7));
        _free[slot >> 3] = isFree ? (byte)(_free[slot >> 3] | bit) : (byte)(_free[slot >> 3] & ~bit);
    }

    /// <summary>Writes it as copy 0 or 1, sealed.</summary>
    public void Format(Span<byte> bytes, int copy)
    {
        bytes.Clear();
        Signature.CopyTo(bytes);
        bytes[19] = LabelSizeCode;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], (ulong)(copy * bytes.Length));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], (ulong)bytes.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], (ulong)((1 - copy) * bytes.Length));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[48..], (ulong)(2 * bytes.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[56..], Slots);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[60..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[62..], 2);
        _free.CopyTo(bytes[FreeAt..]);
        Fletcher64.Seal(bytes, ChecksumAt);
    }

    /// <summary>Reads a copy.</summary>
    /// <returns>Null with a reason where it is none.</returns>
    public static LabelIndex? Parse(ReadOnlySpan<byte> bytes, int copy, uint mostSlots, out string reason)
    {
        ulong length = (ulong)bytes.Length;
        uint sequence = BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]);
        uint slots = BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]);
        reason = true switch
        {
            _ when !bytes.StartsWith(Signature) => "it does not begin with NAMESPACE_INDEX",
            _ when !Fletcher64.IsSealed(bytes, ChecksumAt) => "it does not have the checksum it states",
            _ when bytes[19] != LabelSizeCode => $"its labels are not of {PmemLabel.SizeBytes} bytes (version 1.2)",
            _ when sequence is < 1 or > 3 => $"its sequence number {sequence} is not 1 to 3",
            _ when BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]) != (ulong)copy * length
                || BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]) != length
                || BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]) != (ulong)(1 - copy) * length
                || BinaryPrimitives.ReadUInt64LittleEndian(bytes[48..]) != 2 * length => $"its offsets are not those of a label area of this size, with indexes of {length} bytes",
            _ when slots == 0 || slots > mostSlots => $"it speaks of {slots} slots where 1 to {mostSlots} fit",
            _ => "",
        };
        return reason.Length == 0 ? new(sequence, slots, bytes.Slice(FreeAt, ((int)slots + 7) / 8).ToArray()) : null;
    }
}
