// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Physr.Ranges;

/// <summary>Copies a short list with one element put in or left out, in a fixed number of steps: where the element goes differs from update to update, and a copy
/// in two parts of varying length mispredicts its branches more often than it copies.</summary>
internal static class ShiftedCopy
{
    private static readonly Vector512<ulong> Lanes = Vector512.Create(0UL, 1, 2, 3, 4, 5, 6, 7);

    /// <summary>The largest element, in bytes: an end and a value of 16 bytes. It fits before the first buffer of a leaf, where the leaf's header and version are.</summary>
    private const int MaxElement = 24;

    /// <summary>Whether <see cref="Copy{T}"/> works for <typeparamref name="T"/>: the collector must see references being copied, so those are left to the runtime.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Supports<T>() =>
        Vector512.IsHardwareAccelerated && !RuntimeHelpers.IsReferenceOrContainsReferences<T>() && Unsafe.SizeOf<T>() % sizeof(ulong) == 0 && Unsafe.SizeOf<T>() <= MaxElement;

    /// <summary>Copies <paramref name="count"/> elements, those from <paramref name="index"/> on from <paramref name="shift"/> places further on (negative: back).
    /// Elements that would come from outside the list get any value; the caller writes those.</summary>
    /// <remarks>It reads one element before and one behind <paramref name="source"/>, and works in steps of 64 bytes: both lists are a buffer of a
    /// <see cref="DisjointLeaf{T}"/>, which has something on either side and <see cref="RangeLeafSize.Entries"/>, a multiple of 8, elements.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy<T>(ref readonly T source, ref T target, int count, int index, int shift)
    {
        int words = Unsafe.SizeOf<T>() / sizeof(ulong);
        ref ulong from = ref Unsafe.As<T, ulong>(ref Unsafe.AsRef(in source));
        ref ulong moved = ref Unsafe.Add(ref from, shift * words);
        ref ulong to = ref Unsafe.As<T, ulong>(ref target);
        Vector512<ulong> limit = Vector512.Create((ulong)(index * words));
        Vector512<ulong> lanes = Lanes;
        for (nuint i = 0; i < (nuint)(count * words); i += (nuint)Vector512<ulong>.Count)
        {
            Vector512<ulong> kept = Vector512.LessThan(lanes, limit);
            Vector512.ConditionalSelect(kept, Vector512.LoadUnsafe(ref from, i), Vector512.LoadUnsafe(ref moved, i)).StoreUnsafe(ref to, i);
            lanes += Vector512.Create((ulong)Vector512<ulong>.Count);
        }
    }
}
