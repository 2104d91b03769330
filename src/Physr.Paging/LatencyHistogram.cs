// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Control;

namespace Physr.Paging;

/// <summary>How often something took how long: four buckets to each doubling of nanoseconds.</summary>
public sealed class LatencyHistogram
{
    private readonly long[] _counts;

    internal LatencyHistogram(ReadOnlySpan<long> counts)
    {
        _counts = counts.ToArray();
        foreach (long count in counts)
        {
            Count += count;
        }
    }

    /// <summary>How many there were.</summary>
    public long Count { get; }

    /// <summary>The time within which a part of them was done.</summary>
    /// <param name="part">0 to 1: 0.5 is the median.</param>
    /// <returns>The end of the bucket in which that falls; zero where there are none.</returns>
    public TimeSpan Quantile(double part)
    {
        long rank = (long)Math.Ceiling(Math.Clamp(part, 0, 1) * Count);
        long seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank && seen > 0)
            {
                return TimeSpan.FromMicroseconds(ControlBlock.BucketStart(bucket + 1) / 1000);
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>What is in this one and was not in an earlier one.</summary>
    public LatencyHistogram Since(LatencyHistogram earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        long[] counts = new long[_counts.Length];
        for (int bucket = 0; bucket < counts.Length; bucket++)
        {
            counts[bucket] = _counts[bucket] - earlier._counts[bucket];
        }

        return new(counts);
    }
}
