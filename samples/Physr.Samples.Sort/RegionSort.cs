// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Paging;

namespace Physr.Samples.Sort;

/// <summary>Sorts records that do not fit in RAM, in place: quicksort by ordinary loads and stores until a piece fits well, then <see cref="MemoryExtensions"/>' own sort of that piece while a lease holds it.</summary>
/// <param name="region">Where they are.</param>
/// <param name="pieceRecords">How many records are sorted at once.</param>
internal sealed class RegionSort(DevicePrivateRegion region, int pieceRecords)
{
    private const int Samples = 63;

    private readonly Stack<(int Start, int Count)> _left = new();

    /// <summary>How often pages were gone through to part records.</summary>
    public int Partitions { get; private set; }

    /// <summary>Pieces that were sorted under a lease.</summary>
    public int Pieces { get; private set; }

    /// <summary>Sorts all of them.</summary>
    public void Sort()
    {
        _left.Push((0, (int)(region.Length / SortRecord.Bytes)));
        while (_left.TryPop(out (int Start, int Count) part))
        {
            if (part.Count <= pieceRecords)
            {
                SortPiece(part.Start, part.Count);
                continue;
            }

            (int middle, int high) = Partition(part.Start, part.Count);
            Partitions++;

            // The part whose records were touched last is the next: some of its pages are still there.
            _left.Push((part.Start + high, part.Count - high));
            _left.Push((part.Start, middle));
        }
    }

    private void SortPiece(int start, int count)
    {
        if (count < 2)
        {
            return;
        }

        using ResidencyLease lease = region.Acquire((ulong)start * SortRecord.Bytes, (ulong)count * SortRecord.Bytes, LeaseAccess.Write);
        MemoryMarshal.Cast<byte, SortRecord>(lease.Span).Sort(default(KeyOrder));
        Pieces++;
    }

    /// <summary>Brings records up to a key before those from that key on.</summary>
    /// <returns>How many are in the first part, and where the second begins; both are smaller than the whole.</returns>
    private (int Middle, int High) Partition(int start, int count)
    {
        // An ordinary span, over more memory than there is. It counts records, not bytes: 2^31 - 1 of them are nearly 32 GiB.
        Span<SortRecord> records = region.Span<SortRecord>((ulong)start * SortRecord.Bytes, count);
        ulong pivot = Pivot(records);
        int low = 0;
        int high = count - 1;
        while (low <= high)
        {
            while (records[low].Key < pivot)
            {
                low++;
            }

            while (records[high].Key > pivot)
            {
                high--;
            }

            if (low <= high)
            {
                (records[low], records[high]) = (records[high], records[low]);
                low++;
                high--;
            }
        }

        return (high + 1, low);
    }

    private static ulong Pivot(ReadOnlySpan<SortRecord> records)
    {
        Span<ulong> keys = stackalloc ulong[Samples];
        for (int sample = 0; sample < Samples; sample++)
        {
            keys[sample] = records[(int)((long)records.Length * sample / Samples)].Key;
        }

        keys.Sort();
        return keys[Samples / 2];
    }
}
