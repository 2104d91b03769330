// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Nvme.Media;

/// <summary>Bytes that follow from a seed and their position alone, so that any part can be made or checked without the rest.</summary>
public static class MediaPattern
{
    /// <summary>Fills bytes that start at an offset of the media.</summary>
    /// <param name="seed">The seed of the media.</param>
    /// <param name="offset">Where the first byte lies, in bytes; a multiple of 8.</param>
    /// <param name="bytes">The bytes; any length.</param>
    public static void Fill(ulong seed, ulong offset, Span<byte> bytes)
    {
        if (offset % sizeof(ulong) != 0)
        {
            throw new ArgumentException($"The offset {offset} is not a multiple of 8.", nameof(offset));
        }

        ulong word = offset / sizeof(ulong);
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, Mix(seed, word++));
        }

        if (!bytes.IsEmpty)
        {
            Span<byte> last = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(last, Mix(seed, word));
            last[..bytes.Length].CopyTo(bytes);
        }
    }

    // SplitMix64 at an arbitrary place of its sequence.
    private static ulong Mix(ulong seed, ulong index)
    {
        ulong z = seed + ((index + 1) * 0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
