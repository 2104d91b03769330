// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.Intrinsics;
using Physr.Machine.Simulation;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>Vectors against single bytes, and recovery of everything that can be lost.</summary>
public class ParityKernelTests
{
    private static readonly int[] s_lengths = [0, 1, 7, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 191, 255, 512, 1000, 4096, 4099];

    [Fact]
    public void TheFieldIsTheOneOf0x11d()
    {
        for (int a = 0; a < 256; a++)
        {
            for (int b = 0; b < 256; b++)
            {
                Assert.Equal(Slow((byte)a, (byte)b), GaloisField.Multiply((byte)a, (byte)b));
            }

            Assert.True(a == 0 || GaloisField.Multiply((byte)a, GaloisField.Inverse((byte)a)) == 1);
        }

        Assert.Equal(2, GaloisField.Power(1));
        Assert.Equal(1, GaloisField.Multiply(GaloisField.Power(-3), GaloisField.Power(3)));
    }

    [Fact]
    public void SumsAreThoseOfSingleBytesAtAnyLengthAndAlignment()
    {
        SeededRandom random = new(1);
        foreach (int length in s_lengths)
        {
            for (int shift = 0; shift < 4; shift++)
            {
                byte[][] data = [.. Enumerable.Range(0, 6).Select(_ => Bytes(random, length + 4))];
                byte[] sum = [.. data[0]];
                byte[] expected = [.. data[0]];
                ParityKernels.Add(sum.AsSpan(shift, length), data[1].AsSpan(shift, length));
                ParityKernels.AddScalar(expected.AsSpan(shift, length), data[1].AsSpan(shift, length));
                Assert.Equal(expected, sum);

                ParityKernels.Sum(sum.AsSpan(shift, length), At(data[1]), At(data[2]), At(data[3]), At(data[4]));
                expected.AsSpan(shift, length).Clear();
                for (int i = 1; i <= 4; i++)
                {
                    ParityKernels.AddScalar(expected.AsSpan(shift, length), At(data[i]));
                }

                Assert.Equal(expected, sum);
                ReadOnlySpan<byte> At(byte[] from) => from.AsSpan(shift, length);
            }
        }
    }

    [Fact]
    public void PAndQAreThoseOfSingleBytesAtAnyLength()
    {
        SeededRandom random = new(2);
        foreach (int length in s_lengths)
        {
            byte[][] data = [.. Enumerable.Range(0, 9).Select(_ => Bytes(random, length))];
            (byte[] p, byte[] q) = (new byte[length], new byte[length]);
            (byte[] fastP, byte[] fastQ) = (Bytes(random, length), Bytes(random, length));
            for (int i = 8; i >= 1; i--)
            {
                ParityKernels.StepScalar(p, q, data[i]);
            }

            ParityKernels.Step(fastP, fastQ, data[5], data[6], data[7], data[8], isFirst: true);
            ParityKernels.Step(fastP, fastQ, data[1], data[2], data[3], data[4], isFirst: false);
            Assert.Equal(p, fastP);
            Assert.Equal(q, fastQ);
            ParityKernels.StepScalar(p, q, data[0]);
            ParityKernels.Step(fastP, fastQ, data[0]);
            Assert.Equal(p, fastP);
            Assert.Equal(q, fastQ);
            for (int at = 0; at < length; at++)
            {
                int weighted = 0;
                for (int i = 0; i < 9; i++)
                {
                    weighted ^= Slow(data[i][at], GaloisField.Power(i));
                }

                Assert.Equal((byte)weighted, q[at]);
            }
        }
    }

    [Fact]
    public void ProductsAreThoseOfSingleBytesForEveryFactorOnEveryPath()
    {
        SeededRandom random = new(3);
        for (int factor = 0; factor < 256; factor++)
        {
            int length = s_lengths[factor % s_lengths.Length];
            (byte[] source, byte[] sum) = (Bytes(random, length), Bytes(random, length));
            byte[] expected = [.. sum];
            ParityKernels.AddProductScalar(expected, source, (byte)factor);
            byte[] nibbles = [.. sum];
            int done = ParityKernels.AddProductByNibbles(nibbles, source, (byte)factor);
            Assert.Equal(expected[..done], nibbles[..done]);
            Assert.True(done > length - 16 || !Vector128.IsHardwareAccelerated);
            ParityKernels.AddProduct(sum, source, (byte)factor);
            Assert.Equal(expected, sum);
            byte[] product = [.. source];
            ParityKernels.Multiply(product, (byte)factor);
            Assert.Equal([.. source.Select(each => GaloisField.Multiply(each, (byte)factor))], product);
        }
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(7, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 2)]
    [InlineData(9, 2)]
    [InlineData(30, 2)]
    public void WhateverIsLostComesBack(int data, int parities)
    {
        SeededRandom random = new(4);
        int length = 96 + data;
        Columns good = new([.. Enumerable.Range(0, data + parities).Select(_ => Bytes(random, length))]);
        ParityRecovery.Generate(good, data, parities);
        for (int first = 0; first < data + parities; first++)
        {
            for (int second = first; second < (parities == 2 ? data + parities : first + 1); second++)
            {
                Columns damaged = good.Copy();
                random.Fill(damaged.Column(first));
                random.Fill(damaged.Column(second));
                Assert.True(ParityRecovery.TryRecover(damaged, data, parities, (1U << first) | (1U << second)));
                for (int position = 0; position < data + parities; position++)
                {
                    Assert.True(good.Column(position).SequenceEqual(damaged.Column(position)), $"lost {first} and {second}: position {position} differs");
                }
            }
        }

        Columns untouched = good.Copy();
        Assert.False(ParityRecovery.TryRecover(untouched, data, parities, (1U << (parities + 1)) - 1));
        Assert.True(good.Column(0).SequenceEqual(untouched.Column(0)));
    }

    private static byte Slow(byte a, byte b)
    {
        int product = 0;
        for (int bit = 7; bit >= 0; bit--)
        {
            product <<= 1;
            product ^= (product & 0x100) != 0 ? 0x11d : 0;
            product ^= ((b >> bit) & 1) != 0 ? a : 0;
        }

        return (byte)product;
    }

    private static byte[] Bytes(SeededRandom random, int length)
    {
        byte[] bytes = new byte[length];
        random.Fill(bytes);
        return bytes;
    }

    private sealed class Columns(byte[][] columns) : IStripeColumns
    {
        public Span<byte> Column(int position) => columns[position];

        public Columns Copy() => new([.. columns.Select(static column => (byte[])[.. column])]);
    }
}
