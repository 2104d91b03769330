// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Numerics;

namespace Physr.Storage.Files;

/// <summary>CRC32C over whole words of 8 bytes.</summary>
internal static class Checksum
{
    /// <summary>The checksum of words.</summary>
    /// <param name="bytes">A multiple of 8.</param>
    /// <param name="seed">What the words are of: bytes that were right elsewhere are wrong here.</param>
    public static uint Of(ReadOnlySpan<byte> bytes, ulong seed)
    {
        uint crc = BitOperations.Crc32C(uint.MaxValue, seed);
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        return ~crc;
    }
}
