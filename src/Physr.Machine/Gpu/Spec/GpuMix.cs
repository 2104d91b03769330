// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Machine.Gpu.Spec;

/// <summary>What the compute engine does to words: an invertible function of a word and a key, so that anyone can check what was done, how often, and undo it.</summary>
public static class GpuMix
{
    private const ulong Factor = 0x9E37_79B9_7F4A_7C15;

    /// <summary>The inverse of <see cref="Factor"/> modulo 2^64.</summary>
    private const ulong Inverse = 0xF1DE_83E1_9937_733D;

    /// <summary>rotl((word ^ key) * 0x9E3779B97F4A7C15, 23) + key, modulo 2^64.</summary>
    public static ulong Mix(ulong word, ulong key) => unchecked(BitOperations.RotateLeft((word ^ key) * Factor, 23) + key);

    /// <summary>The word that <see cref="Mix"/> made this one of.</summary>
    public static ulong Unmix(ulong mixed, ulong key) => unchecked(BitOperations.RotateRight(mixed - key, 23) * Inverse) ^ key;

    /// <summary>A list's checksum after one more number: the checksum starts at 0 and takes, node by node, the node's key and then its payload words as they are
    /// after the change.</summary>
    public static ulong Sum(ulong checksum, ulong number) => Mix(checksum ^ number, 0);
}
