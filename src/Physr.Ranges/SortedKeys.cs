// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Physr.Ranges;

/// <summary>Counts, without a branch that depends on the data, how many of a few sorted keys are at most a given key.</summary>
/// <remarks>The counts are bounded by the width whatever the keys hold, so an overtaken reader that sees a mixture of old and new keys still indexes
/// inside its node; it finds out afterwards that it was overtaken.</remarks>
internal static class SortedKeys
{
    /// <summary>Keys per index node: two cache lines, two 512-bit compares.</summary>
    public const int NodeWidth = 16;

    /// <summary>How many of the <see cref="NodeWidth"/> keys from <paramref name="first"/> on are at most <paramref name="key"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint CountInNode(ref readonly ulong first, ulong key)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<ulong> probe = Vector512.Create(key);
            return Ones(AtMost512(in first, 0, probe)) + Ones(AtMost512(in first, 8, probe));
        }

        return CountPortable(in first, NodeWidth, key);
    }

    /// <summary>How many of the <see cref="RangeLeafSize.Entries"/> keys from <paramref name="first"/> on are at most <paramref name="key"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint CountInLeaf(ref readonly ulong first, ulong key)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<ulong> probe = Vector512.Create(key);
            return Ones(AtMost512(in first, 0, probe)) + Ones(AtMost512(in first, 8, probe)) + Ones(AtMost512(in first, 16, probe));
        }

        return CountPortable(in first, RangeLeafSize.Entries, key);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong AtMost512(ref readonly ulong first, nuint offset, Vector512<ulong> probe) =>
        Vector512.LessThanOrEqual(Vector512.LoadUnsafe(in first, offset), probe).ExtractMostSignificantBits();

    private static nuint Ones(ulong mask) => (nuint)(uint)BitOperations.PopCount(mask);

    /// <summary>The same count where no 512-bit compare exists: 256-bit lanes, in software where there are none either.</summary>
    private static nuint CountPortable(ref readonly ulong first, int width, ulong key)
    {
        Vector256<ulong> probe = Vector256.Create(key);
        Vector256<ulong> counts = Vector256<ulong>.Zero;
        for (int offset = 0; offset < width; offset += Vector256<ulong>.Count)
        {
            // A lane that holds is all ones, that is minus one.
            counts -= Vector256.LessThanOrEqual(Vector256.LoadUnsafe(in first, (nuint)offset), probe);
        }

        return (nuint)Vector256.Sum(counts);
    }
}
