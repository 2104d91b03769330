// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Storage.Raid;

/// <summary>Brings lost chunks of a row back: as many as there are parities, whichever they are.</summary>
internal static class ParityRecovery
{
    /// <summary>Computes the parity of a row from its data.</summary>
    public static void Generate(IStripeColumns columns, int data, int parities)
    {
        Span<byte> p = columns.Column(data);
        Span<byte> q = parities > 1 ? columns.Column(data + 1) : default;
        p.Clear();
        q.Clear();
        for (int i = data - 1; i >= 0; i--)
        {
            if (parities > 1)
            {
                ParityKernels.Step(p, q, columns.Column(i));
            }
            else
            {
                ParityKernels.Add(p, columns.Column(i));
            }
        }
    }

    /// <summary>Fills the lost positions from the others.</summary>
    /// <param name="columns">The row; what the lost positions hold does not matter.</param>
    /// <param name="data">Data positions.</param>
    /// <param name="parities">1 or 2.</param>
    /// <param name="lost">A bit for each lost position.</param>
    /// <returns>False where more is lost than there are parities: nothing is filled then.</returns>
    public static bool TryRecover(IStripeColumns columns, int data, int parities, uint lost)
    {
        int count = BitOperations.PopCount(lost);
        if (count > parities)
        {
            return false;
        }

        uint lostData = lost & ((1U << data) - 1);
        int first = BitOperations.TrailingZeroCount(lostData);
        bool isPLost = (lost & (1U << data)) != 0;
        if (BitOperations.PopCount(lostData) == 2)
        {
            RecoverTwo(columns, data, first, BitOperations.TrailingZeroCount(lostData & (lostData - 1)));
        }
        else if (lostData != 0 && !isPLost)
        {
            SumWithout(columns, data, first, -1);
        }
        else if (lostData != 0)
        {
            WeightedWithout(columns, data, columns.Column(first), first, -1);
            ParityKernels.Multiply(columns.Column(first), GaloisField.Power(-first));
        }

        RecoverParity(columns, data, parities, lost >> data);
        return true;
    }

    /// <summary>P and the other data give what a data position holds.</summary>
    private static void SumWithout(IStripeColumns columns, int data, int lost, int alsoLost)
    {
        Span<byte> sum = columns.Column(lost);
        columns.Column(data).CopyTo(sum);
        for (int i = 0; i < data; i++)
        {
            if (i != lost && i != alsoLost)
            {
                ParityKernels.Add(sum, columns.Column(i));
            }
        }
    }

    /// <summary>Q and the other data give what lost data positions hold, weighted.</summary>
    private static void WeightedWithout(IStripeColumns columns, int data, Span<byte> sum, int lost, int alsoLost)
    {
        columns.Column(data + 1).CopyTo(sum);
        for (int i = 0; i < data; i++)
        {
            if (i != lost && i != alsoLost)
            {
                ParityKernels.AddProduct(sum, columns.Column(i), GaloisField.Power(i));
            }
        }
    }

    /// <summary>With x and y lost: s = Dx + Dy and w = 2^x Dx + 2^y Dy are known, so Dx = (2^y s + w) / (2^x + 2^y) and Dy = s + Dx.</summary>
    private static void RecoverTwo(IStripeColumns columns, int data, int x, int y)
    {
        SumWithout(columns, data, y, x);
        Span<byte> sum = columns.Column(y);
        Span<byte> weighted = columns.Column(x);
        WeightedWithout(columns, data, weighted, x, y);
        ParityKernels.AddProduct(weighted, sum, GaloisField.Power(y));
        ParityKernels.Multiply(weighted, GaloisField.Inverse((byte)(GaloisField.Power(x) ^ GaloisField.Power(y))));
        ParityKernels.Add(sum, weighted);
    }

    private static void RecoverParity(IStripeColumns columns, int data, int parities, uint lost)
    {
        if ((lost & 1) != 0)
        {
            Span<byte> p = columns.Column(data);
            p.Clear();
            for (int i = 0; i < data; i++)
            {
                ParityKernels.Add(p, columns.Column(i));
            }
        }

        if (parities > 1 && (lost & 2) != 0)
        {
            Span<byte> q = columns.Column(data + 1);
            q.Clear();
            for (int i = 0; i < data; i++)
            {
                ParityKernels.AddProduct(q, columns.Column(i), GaloisField.Power(i));
            }
        }
    }
}
