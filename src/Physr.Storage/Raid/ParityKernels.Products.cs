// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Physr.Storage.Raid;

/// <content>Products with a constant: what an update of Q and a recovery need.</content>
internal static partial class ParityKernels
{
    /// <summary>Adds a product: <c>sum ^= factor * source</c>. <paramref name="sum"/> may be <paramref name="source"/>.</summary>
    public static void AddProduct(Span<byte> sum, ReadOnlySpan<byte> source, byte factor)
    {
        RequireEqual(sum, source);
        if (factor == 1)
        {
            Add(sum, source);
            return;
        }

        int done = Gfni.V512.IsSupported && Vector512.IsHardwareAccelerated ? AddProductAffine(sum, source, factor) : AddProductByNibbles(sum, source, factor);
        AddProductScalar(sum[done..], source[done..], factor);
    }

    /// <summary>The product of every byte with a constant, in place.</summary>
    public static void Multiply(Span<byte> bytes, byte factor) => AddProduct(bytes, bytes, (byte)(factor ^ 1));

    /// <summary>By matrices of 8 by 8 bits (GFNI): a product with a constant is linear in the bits.</summary>
    internal static int AddProductAffine(Span<byte> sum, ReadOnlySpan<byte> source, byte factor)
    {
        ref byte to = ref MemoryMarshal.GetReference(sum);
        ref byte from = ref MemoryMarshal.GetReference(source);
        Vector512<byte> matrix = Vector512.Create(MatrixOf(factor)).AsByte();
        nuint at = 0;
        for (; at + 64 <= (nuint)sum.Length; at += 64)
        {
            Vector512<byte> product = Gfni.V512.GaloisFieldAffineTransform(Vector512.LoadUnsafe(ref from, at), matrix, 0);
            (Vector512.LoadUnsafe(ref to, at) ^ product).StoreUnsafe(ref to, at);
        }

        return (int)at;
    }

    /// <summary>By two tables of 16 products, one for each half of a byte.</summary>
    internal static int AddProductByNibbles(Span<byte> sum, ReadOnlySpan<byte> source, byte factor)
    {
        if (!Vector128.IsHardwareAccelerated)
        {
            return 0;
        }

        Span<byte> tables = stackalloc byte[32];
        for (int i = 0; i < 16; i++)
        {
            tables[i] = GaloisField.Multiply(factor, (byte)i);
            tables[16 + i] = GaloisField.Multiply(factor, (byte)(i << 4));
        }

        Vector128<byte> low = Vector128.Create<byte>(tables[..16]);
        Vector128<byte> high = Vector128.Create<byte>(tables[16..]);
        ref byte to = ref MemoryMarshal.GetReference(sum);
        ref byte from = ref MemoryMarshal.GetReference(source);
        nuint at = 0;
        if (Avx2.IsSupported)
        {
            Vector256<byte> wideLow = Vector256.Create(low, low);
            Vector256<byte> wideHigh = Vector256.Create(high, high);
            Vector256<byte> wideMask = Vector256.Create((byte)15);
            for (; at + 32 <= (nuint)sum.Length; at += 32)
            {
                Vector256<byte> data = Vector256.LoadUnsafe(ref from, at);
                Vector256<byte> product = Avx2.Shuffle(wideLow, data & wideMask) ^ Avx2.Shuffle(wideHigh, Vector256.ShiftRightLogical(data, 4) & wideMask);
                (Vector256.LoadUnsafe(ref to, at) ^ product).StoreUnsafe(ref to, at);
            }
        }

        Vector128<byte> mask = Vector128.Create((byte)15);
        for (; at + 16 <= (nuint)sum.Length; at += 16)
        {
            Vector128<byte> data = Vector128.LoadUnsafe(ref from, at);
            Vector128<byte> product = Vector128.Shuffle(low, data & mask) ^ Vector128.Shuffle(high, Vector128.ShiftRightLogical(data, 4) & mask);
            (Vector128.LoadUnsafe(ref to, at) ^ product).StoreUnsafe(ref to, at);
        }

        return (int)at;
    }

    /// <summary>The same as <see cref="AddProduct"/>, a byte at a time.</summary>
    internal static void AddProductScalar(Span<byte> sum, ReadOnlySpan<byte> source, byte factor)
    {
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] ^= GaloisField.Multiply(factor, source[i]);
        }
    }

    /// <summary>The matrix of a factor as the instruction wants it: its byte 7 - i holds the row of result bit i.</summary>
    private static ulong MatrixOf(byte factor)
    {
        ulong matrix = 0;
        for (int column = 0; column < 8; column++)
        {
            int product = GaloisField.Multiply(factor, (byte)(1 << column));
            for (int bit = 0; bit < 8; bit++)
            {
                matrix |= (ulong)((product >> bit) & 1) << ((8 * (7 - bit)) + column);
            }
        }

        return matrix;
    }
}
