// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Storage.Files;

/// <summary>CRC32C over whole words of 8 bytes.</summary>
internal static class Checksum
{
    /// <summary>The checksum of words.</summary>
    /// <param name="bytes">A multiple of 8.</param>
    /// <param name="seed">What the words are of: bytes that were right elsewhere are wrong here.</param>
    public static uint Of(ReadOnlySpan<byte> bytes, ulong seed) => ~Crc32C.Of(bytes, BitOperations.Crc32C(uint.MaxValue, seed));
}
