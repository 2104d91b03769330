// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Numerics;

namespace Physr.Storage;

/// <summary>CRC-32C, as the processor computes it.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of bytes that follow those already in <paramref name="seed"/>.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, uint seed = uint.MaxValue)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            seed = BitOperations.Crc32C(seed, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte each in bytes)
        {
            seed = BitOperations.Crc32C(seed, each);
        }

        return seed;
    }
}
