// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Samples.Sort;

/// <summary>What is sorted: 16 bytes.</summary>
/// <param name="Key">By this.</param>
/// <param name="Index">Which record it was before.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct SortRecord(ulong Key, ulong Index)
{
    /// <summary>Bytes of one.</summary>
    public const int Bytes = 16;

    /// <summary>The record that a seed has at an index.</summary>
    public static SortRecord Of(ulong seed, ulong index) => new(Mix(seed + (index * 0x9E37_79B9_7F4A_7C15)), index);

    /// <summary>A number that the sum of all records is made of, in whichever order they are.</summary>
    public ulong Digest() => Mix(Key ^ ulong.RotateLeft(Index, 32));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
