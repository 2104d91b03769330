// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Numerics;

namespace Physr.Cli.Page;

/// <summary>How long accesses took: 32 buckets to each doubling, so that a quantile is right to 3 %. One thread notes, others may look.</summary>
internal sealed class AccessTimes
{
    private const int Steps = 32;
    private const int StepBits = 5;

    private readonly long[] _counts = new long[64 * Steps];
    private long _most;

    /// <summary>How many there were.</summary>
    public long Count => _counts.Sum();

    /// <summary>The longest, in microseconds, exactly.</summary>
    public double MostMicroseconds => Microseconds(Volatile.Read(ref _most));

    /// <summary>Ticks of <see cref="Stopwatch"/> as microseconds.</summary>
    public static double Microseconds(double ticks) => ticks * 1e6 / Stopwatch.Frequency;

    /// <summary>All of several threads.</summary>
    public static AccessTimes Of(IEnumerable<AccessTimes> parts)
    {
        AccessTimes all = new();
        foreach (AccessTimes part in parts)
        {
            for (int bucket = 0; bucket < all._counts.Length; bucket++)
            {
                all._counts[bucket] += Volatile.Read(ref part._counts[bucket]);
            }

            all._most = Math.Max(all._most, Volatile.Read(ref part._most));
        }

        return all;
    }

    /// <summary>Notes one.</summary>
    /// <param name="ticks">Of <see cref="Stopwatch"/>.</param>
    public void Note(long ticks)
    {
        _counts[Bucket(ticks)]++;
        if (ticks > _most)
        {
            Volatile.Write(ref _most, ticks);
        }
    }

    /// <summary>What is in this one and was not in an earlier one; the longest is that of both.</summary>
    public AccessTimes Since(AccessTimes earlier)
    {
        AccessTimes since = new() { _most = _most };
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            since._counts[bucket] = _counts[bucket] - earlier._counts[bucket];
        }

        return since;
    }

    /// <summary>The time within which a part of them was done, in microseconds; 0 where there are none.</summary>
    /// <param name="part">0.5 is the median.</param>
    public double Quantile(double part)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(part * Count));
        long seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank)
            {
                return Math.Min(Microseconds(End(bucket)), MostMicroseconds);
            }
        }

        return 0;
    }

    private static int Bucket(long ticks)
    {
        ulong value = (ulong)Math.Max(ticks, 0);
        int power = BitOperations.Log2(value | 1);
        return value < Steps ? (int)value : ((power - StepBits + 1) * Steps) + (int)((value >> (power - StepBits)) & (Steps - 1));
    }

    private static double End(int bucket) =>
        bucket < Steps ? bucket : (Steps + (bucket % Steps) + 1) * Math.Pow(2, (bucket / Steps) - 1);
}
