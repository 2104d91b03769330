// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;

namespace Physr.Storage.Pmem;

/// <summary>One namespace label, version 1.2: 256 bytes that name a run of bytes of the region and say what it is (UEFI 2.7, 13.19.5).</summary>
public sealed record PmemLabel
{
    /// <summary>Its size, in bytes.</summary>
    public const int SizeBytes = 256;

    /// <summary>Most bytes of a name, in UTF-8.</summary>
    public const int MostNameBytes = 63;

    /// <summary>An update over several devices was not finished (<c>EFI_NVDIMM_LABEL_FLAGS_UPDATING</c>).</summary>
    public const uint UpdatingFlag = 8;

    /// <summary>The namespace is not to be written (<c>EFI_NVDIMM_LABEL_FLAGS_ROLABEL</c>).</summary>
    public const uint ReadOnlyFlag = 1;

    /// <summary>The type of persistent memory (<c>66f0d379-b4f3-4074-ac43-0d3318b78cdb</c>, ACPI).</summary>
    public static readonly Guid PersistentMemoryType = new("66f0d379-b4f3-4074-ac43-0d3318b78cdb");

    private const int NameAt = 16;
    private const int NameBytes = 64;
    private const int ChecksumAt = 248;

    /// <summary>The namespace's identity.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>The name that a person gave it; may be empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>Flags as they lie in the label.</summary>
    public uint Flags { get; init; }

    /// <summary>How many labels make the namespace; 1 here.</summary>
    public ushort LabelCount { get; init; } = 1;

    /// <summary>Which of them this is.</summary>
    public ushort Position { get; init; }

    /// <summary>Which set of devices the namespace belongs to.</summary>
    public ulong InterleaveCookie { get; init; }

    /// <summary>The block of sector mode, in bytes; 0 in other modes.</summary>
    public ulong LogicalBlockBytes { get; init; }

    /// <summary>The first byte, from the start of the region.</summary>
    public required ulong Start { get; init; }

    /// <summary>Bytes.</summary>
    public required ulong Length { get; init; }

    /// <summary>The slot the label lies in.</summary>
    public uint Slot { get; init; }

    /// <summary>log2 of the alignment of the data; 0 where nothing is said.</summary>
    public byte AlignmentShift { get; init; }

    /// <summary>What kind of memory.</summary>
    public Guid Type { get; init; } = PersistentMemoryType;

    /// <summary>What lies over the bytes: nothing, an info block, a block translation table.</summary>
    public Guid Abstraction { get; init; }

    /// <summary>Writes the label, sealed.</summary>
    internal void Format(Span<byte> bytes)
    {
        bytes.Clear();
        Uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        Encoding.UTF8.GetBytes(Name, bytes.Slice(NameAt, MostNameBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[80..], Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[84..], LabelCount);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[86..], Position);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[88..], InterleaveCookie);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[96..], LogicalBlockBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[104..], Start);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[112..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[120..], Slot);
        bytes[124] = AlignmentShift;
        Type.TryWriteBytes(bytes[128..]);
        Abstraction.TryWriteBytes(bytes[144..]);
        Fletcher64.Seal(bytes[..SizeBytes], ChecksumAt);
    }

    /// <summary>Reads what a slot holds.</summary>
    /// <returns>Null with a reason where it is damaged.</returns>
    internal static PmemLabel? Parse(ReadOnlySpan<byte> bytes, uint slot, out string reason)
    {
        reason = "";
        if (!Fletcher64.IsSealed(bytes[..SizeBytes], ChecksumAt))
        {
            reason = $"the label in slot {slot} does not have the checksum it states";
            return null;
        }

        ReadOnlySpan<byte> name = bytes.Slice(NameAt, NameBytes);
        int end = name.IndexOf((byte)0);
        PmemLabel label = new()
        {
            Uuid = new(bytes[..16], bigEndian: true),
            Name = Encoding.UTF8.GetString(end < 0 ? name : name[..end]),
            Flags = BinaryPrimitives.ReadUInt32LittleEndian(bytes[80..]),
            LabelCount = BinaryPrimitives.ReadUInt16LittleEndian(bytes[84..]),
            Position = BinaryPrimitives.ReadUInt16LittleEndian(bytes[86..]),
            InterleaveCookie = BinaryPrimitives.ReadUInt64LittleEndian(bytes[88..]),
            LogicalBlockBytes = BinaryPrimitives.ReadUInt64LittleEndian(bytes[96..]),
            Start = BinaryPrimitives.ReadUInt64LittleEndian(bytes[104..]),
            Length = BinaryPrimitives.ReadUInt64LittleEndian(bytes[112..]),
            Slot = BinaryPrimitives.ReadUInt32LittleEndian(bytes[120..]),
            AlignmentShift = bytes[124],
            Type = new(bytes.Slice(128, 16)),
            Abstraction = new(bytes.Slice(144, 16)),
        };
        if (label.Slot == slot)
        {
            return label;
        }

        reason = $"the label in slot {slot} says that it lies in slot {label.Slot}";
        return null;
    }
}
