// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Physr.Storage.Raid;

/// <content>P and Q together, by Horner's rule: from the last data chunk to the first, Q is doubled and the chunk added.</content>
internal static partial class ParityKernels
{
    /// <summary>What leaves the top of a byte comes back as this.</summary>
    private const byte Reduction = 0x1d;

    /// <summary>One more chunk: <c>p ^= source; q = 2q ^ source</c>.</summary>
    public static void Step(Span<byte> p, Span<byte> q, ReadOnlySpan<byte> source)
    {
        RequireEqual(p, source);
        RequireEqual(q, source);
        ref byte pTo = ref MemoryMarshal.GetReference(p);
        ref byte qTo = ref MemoryMarshal.GetReference(q);
        ref byte from = ref MemoryMarshal.GetReference(source);
        nuint length = (nuint)source.Length;
        nuint at = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; at + 64 <= length; at += 64)
            {
                Vector512<byte> data = Vector512.LoadUnsafe(ref from, at);
                (Vector512.LoadUnsafe(ref pTo, at) ^ data).StoreUnsafe(ref pTo, at);
                (Double(Vector512.LoadUnsafe(ref qTo, at)) ^ data).StoreUnsafe(ref qTo, at);
            }
        }

        if (Vector256.IsHardwareAccelerated)
        {
            for (; at + 32 <= length; at += 32)
            {
                Vector256<byte> data = Vector256.LoadUnsafe(ref from, at);
                (Vector256.LoadUnsafe(ref pTo, at) ^ data).StoreUnsafe(ref pTo, at);
                (Double(Vector256.LoadUnsafe(ref qTo, at)) ^ data).StoreUnsafe(ref qTo, at);
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            for (; at + 16 <= length; at += 16)
            {
                Vector128<byte> data = Vector128.LoadUnsafe(ref from, at);
                (Vector128.LoadUnsafe(ref pTo, at) ^ data).StoreUnsafe(ref pTo, at);
                (Double(Vector128.LoadUnsafe(ref qTo, at)) ^ data).StoreUnsafe(ref qTo, at);
            }
        }

        StepScalar(p[(int)at..], q[(int)at..], source[(int)at..]);
    }

    /// <summary>P and Q of four chunks that come after those already in them, in one pass.</summary>
    /// <param name="p">P.</param>
    /// <param name="q">Q.</param>
    /// <param name="a">The lowest chunk.</param>
    /// <param name="b">The next.</param>
    /// <param name="c">The next.</param>
    /// <param name="d">The highest.</param>
    /// <param name="isFirst">Whether nothing is in P and Q yet.</param>
    public static void Step(Span<byte> p, Span<byte> q, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, ReadOnlySpan<byte> d, bool isFirst)
    {
        RequireEqual(p, q);
        RequireEqual(p, a);
        RequireEqual(p, b);
        RequireEqual(p, c);
        RequireEqual(p, d);
        ref byte pTo = ref MemoryMarshal.GetReference(p);
        ref byte qTo = ref MemoryMarshal.GetReference(q);
        ref byte first = ref MemoryMarshal.GetReference(a);
        ref byte second = ref MemoryMarshal.GetReference(b);
        ref byte third = ref MemoryMarshal.GetReference(c);
        ref byte fourth = ref MemoryMarshal.GetReference(d);
        nuint length = (nuint)p.Length;
        nuint at = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; at + 64 <= length; at += 64)
            {
                Vector512<byte> data = Vector512.LoadUnsafe(ref fourth, at);
                Vector512<byte> sum = isFirst ? data : data ^ Vector512.LoadUnsafe(ref pTo, at);
                Vector512<byte> weighted = isFirst ? data : data ^ Double(Vector512.LoadUnsafe(ref qTo, at));
                data = Vector512.LoadUnsafe(ref third, at);
                sum ^= data;
                weighted = Double(weighted) ^ data;
                data = Vector512.LoadUnsafe(ref second, at);
                sum ^= data;
                weighted = Double(weighted) ^ data;
                data = Vector512.LoadUnsafe(ref first, at);
                (sum ^ data).StoreUnsafe(ref pTo, at);
                (Double(weighted) ^ data).StoreUnsafe(ref qTo, at);
            }
        }

        Span<byte> pRest = p[(int)at..];
        Span<byte> qRest = q[(int)at..];
        if (isFirst)
        {
            pRest.Clear();
            qRest.Clear();
        }

        Step(pRest, qRest, d[(int)at..]);
        Step(pRest, qRest, c[(int)at..]);
        Step(pRest, qRest, b[(int)at..]);
        Step(pRest, qRest, a[(int)at..]);
    }

    /// <summary>The same as <see cref="Step(Span{byte}, Span{byte}, ReadOnlySpan{byte})"/>, a byte at a time.</summary>
    internal static void StepScalar(Span<byte> p, Span<byte> q, ReadOnlySpan<byte> source)
    {
        for (int i = 0; i < source.Length; i++)
        {
            p[i] ^= source[i];
            q[i] = (byte)((q[i] << 1) ^ ((q[i] & 0x80) != 0 ? Reduction : 0) ^ source[i]);
        }
    }

    private static Vector512<byte> Double(Vector512<byte> value) =>
        (value + value) ^ (Vector512.LessThan(value.AsSByte(), Vector512<sbyte>.Zero).AsByte() & Vector512.Create(Reduction));

    private static Vector256<byte> Double(Vector256<byte> value) =>
        (value + value) ^ (Vector256.LessThan(value.AsSByte(), Vector256<sbyte>.Zero).AsByte() & Vector256.Create(Reduction));

    private static Vector128<byte> Double(Vector128<byte> value) =>
        (value + value) ^ (Vector128.LessThan(value.AsSByte(), Vector128<sbyte>.Zero).AsByte() & Vector128.Create(Reduction));
}
