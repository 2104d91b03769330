// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Pmem;

/// <summary>The checksum of NVDIMM labels and info blocks: Fletcher's, over 32-bit little-endian words with 32-bit sums (UEFI 2.7, 13.19.2).</summary>
internal static class Fletcher64
{
    /// <summary>Sums bytes as if the 8 bytes of the checksum itself were zero.</summary>
    /// <param name="bytes">A multiple of 4.</param>
    /// <param name="checksumOffset">Where the checksum lies in them.</param>
    public static ulong Of(ReadOnlySpan<byte> bytes, int checksumOffset)
    {
        uint low = 0;
        uint high = 0;
        for (int i = 0; i < bytes.Length; i += sizeof(uint))
        {
            low += i >= checksumOffset && i < checksumOffset + sizeof(ulong) ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes[i..]);
            high += low;
        }

        return ((ulong)high << 32) | low;
    }

    /// <summary>Puts the checksum in its place.</summary>
    public static void Seal(Span<byte> bytes, int checksumOffset) => BinaryPrimitives.WriteUInt64LittleEndian(bytes[checksumOffset..], Of(bytes, checksumOffset));

    /// <summary>Whether the checksum is right.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> bytes, int checksumOffset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[checksumOffset..]) == Of(bytes, checksumOffset);
}
