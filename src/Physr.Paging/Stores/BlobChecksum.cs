// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Numerics;

namespace Physr.Paging.Stores;

/// <summary>CRC-32C, as the processor computes it.</summary>
internal static class BlobChecksum
{
    /// <summary>The checksum of a page's number, of its entry's bits, and of its blob's bytes.</summary>
    public static uint Of(ulong page, ulong entry, ReadOnlySpan<byte> blob)
    {
        uint check = BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, page), entry);
        while (blob.Length >= sizeof(ulong))
        {
            check = BitOperations.Crc32C(check, BinaryPrimitives.ReadUInt64LittleEndian(blob));
            blob = blob[sizeof(ulong)..];
        }

        foreach (byte each in blob)
        {
            check = BitOperations.Crc32C(check, each);
        }

        return check;
    }
}
