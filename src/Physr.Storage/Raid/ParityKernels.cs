// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Physr.Storage.Raid;

/// <summary>Sums of bytes in the field of <see cref="GaloisField"/>, on the widest vectors the processor has. Lengths are any; the spans of one call are equally long.</summary>
internal static partial class ParityKernels
{
    /// <summary>Adds a source: <c>sum ^= source</c>.</summary>
    public static void Add(Span<byte> sum, ReadOnlySpan<byte> source)
    {
        RequireEqual(sum, source);
        ref byte to = ref MemoryMarshal.GetReference(sum);
        ref byte from = ref MemoryMarshal.GetReference(source);
        nuint length = (nuint)sum.Length;
        nuint at = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; at + 128 <= length; at += 128)
            {
                Vector512<byte> first = Vector512.LoadUnsafe(ref to, at) ^ Vector512.LoadUnsafe(ref from, at);
                Vector512<byte> second = Vector512.LoadUnsafe(ref to, at + 64) ^ Vector512.LoadUnsafe(ref from, at + 64);
                first.StoreUnsafe(ref to, at);
                second.StoreUnsafe(ref to, at + 64);
            }
        }

        if (Vector256.IsHardwareAccelerated)
        {
            for (; at + 32 <= length; at += 32)
            {
                (Vector256.LoadUnsafe(ref to, at) ^ Vector256.LoadUnsafe(ref from, at)).StoreUnsafe(ref to, at);
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            for (; at + 16 <= length; at += 16)
            {
                (Vector128.LoadUnsafe(ref to, at) ^ Vector128.LoadUnsafe(ref from, at)).StoreUnsafe(ref to, at);
            }
        }

        AddScalar(sum[(int)at..], source[(int)at..]);
    }

    /// <summary>The sum of four sources.</summary>
    public static void Sum(Span<byte> sum, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, ReadOnlySpan<byte> d)
    {
        RequireEqual(sum, a);
        RequireEqual(sum, b);
        RequireEqual(sum, c);
        RequireEqual(sum, d);
        ref byte to = ref MemoryMarshal.GetReference(sum);
        ref byte first = ref MemoryMarshal.GetReference(a);
        ref byte second = ref MemoryMarshal.GetReference(b);
        ref byte third = ref MemoryMarshal.GetReference(c);
        ref byte fourth = ref MemoryMarshal.GetReference(d);
        nuint length = (nuint)sum.Length;
        nuint at = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; at + 64 <= length; at += 64)
            {
                (Vector512.LoadUnsafe(ref first, at) ^ Vector512.LoadUnsafe(ref second, at) ^ Vector512.LoadUnsafe(ref third, at) ^ Vector512.LoadUnsafe(ref fourth, at))
                    .StoreUnsafe(ref to, at);
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            for (; at + 16 <= length; at += 16)
            {
                (Vector128.LoadUnsafe(ref first, at) ^ Vector128.LoadUnsafe(ref second, at) ^ Vector128.LoadUnsafe(ref third, at) ^ Vector128.LoadUnsafe(ref fourth, at))
                    .StoreUnsafe(ref to, at);
            }
        }

        for (; at < length; at++)
        {
            Unsafe.Add(ref to, at) = (byte)(Unsafe.Add(ref first, at) ^ Unsafe.Add(ref second, at) ^ Unsafe.Add(ref third, at) ^ Unsafe.Add(ref fourth, at));
        }
    }

    /// <summary>The same as <see cref="Add"/>, a byte at a time.</summary>
    internal static void AddScalar(Span<byte> sum, ReadOnlySpan<byte> source)
    {
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] ^= source[i];
        }
    }

    private static void RequireEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != right.Length)
        {
            throw new ArgumentException($"{left.Length} bytes and {right.Length} bytes cannot be added.");
        }
    }
}
