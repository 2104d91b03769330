// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging;

namespace Physr.Samples.Sort;

/// <summary>Writes records, and verifies that they are all there and in order.</summary>
internal static class SortedRecords
{
    private const int Window = 1 << 16;

    /// <summary>Fills a region.</summary>
    /// <returns>A sum of all records that does not depend on their order.</returns>
    public static ulong Fill(DevicePrivateRegion region, ulong seed)
    {
        ulong sum = 0;
        ulong count = region.Length / SortRecord.Bytes;
        for (ulong start = 0; start < count; start += Window)
        {
            Span<SortRecord> window = region.Span<SortRecord>(start * SortRecord.Bytes, (int)Math.Min(Window, count - start));
            for (int index = 0; index < window.Length; index++)
            {
                SortRecord record = SortRecord.Of(seed, start + (ulong)index);
                window[index] = record;
                sum += record.Digest();
            }
        }

        return sum;
    }

    /// <summary>Goes through a region in order.</summary>
    /// <param name="region">The region.</param>
    /// <param name="seed">What its records follow from.</param>
    /// <param name="sum">What <see cref="Fill"/> gave.</param>
    /// <returns>What is wrong; empty where nothing is.</returns>
    public static string Verify(DevicePrivateRegion region, ulong seed, ulong sum)
    {
        ulong found = 0;
        ulong last = 0;
        ulong count = region.Length / SortRecord.Bytes;
        for (ulong start = 0; start < count; start += Window)
        {
            ReadOnlySpan<SortRecord> window = region.Span<SortRecord>(start * SortRecord.Bytes, (int)Math.Min(Window, count - start));
            for (int index = 0; index < window.Length; index++)
            {
                SortRecord record = window[index];
                if (record.Key < last)
                {
                    return $"record {start + (ulong)index} has key {record.Key:x16}, and the one before it {last:x16}";
                }

                if (record != SortRecord.Of(seed, record.Index))
                {
                    return $"record {start + (ulong)index} is none that was written: key {record.Key:x16}, index {record.Index}";
                }

                last = record.Key;
                found += record.Digest();
            }
        }

        return found == sum ? "" : $"the sum of all records is {found:x16}, and was {sum:x16}: some are missing, others there twice";
    }
}
