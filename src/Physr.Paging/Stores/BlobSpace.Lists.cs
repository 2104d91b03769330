// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Paging.Stores;

/// <content>Chunks by their longest free run.</content>
internal sealed unsafe partial class BlobSpace
{
    private const int None = -1;

    // Buckets 1 to 64 are runs of that length, 64 also longer ones; 0 is a full chunk and those that were never used, which are in no list.
    private const int EmptyBucket = GranulesPerPage + 1;

    /// <summary>Finds the chunk whose longest free run is the shortest that will do.</summary>
    private int FindChunk(int count)
    {
        ulong fitting = _filled & (ulong.MaxValue << (count - 1));
        if (fitting != 0)
        {
            return _heads[BitOperations.TrailingZeroCount(fitting) + 1];
        }

        if (_heads[EmptyBucket] != None)
        {
            return _heads[EmptyBucket];
        }

        return _fresh < _chunks ? _fresh++ : None;
    }

    /// <summary>Puts a chunk into the list where it belongs now.</summary>
    private void List(int chunk)
    {
        // SAFETY: chunk and links are numbers of chunks, which this class alone writes.
        Span<ulong> used = UsedOf(chunk);
        int bucket = EmptyBucket;
        if (used.ContainsAnyExcept(0ul))
        {
            _ = FreeRun(used, GranulesPerPage, out bucket);
        }

        if (bucket == _bucket[chunk])
        {
            return;
        }

        Unlist(chunk);
        _bucket[chunk] = (byte)bucket;
        if (bucket == 0)
        {
            return;
        }

        int head = _heads[bucket];
        (_next[chunk], _previous[chunk], _heads[bucket]) = (head, None, chunk);
        if (head != None)
        {
            _previous[head] = chunk;
        }

        _filled |= bucket == EmptyBucket ? 0 : 1ul << (bucket - 1);
    }

    private void Unlist(int chunk)
    {
        int bucket = _bucket[chunk];
        if (bucket == 0)
        {
            return;
        }

        int next = _next[chunk], previous = _previous[chunk];
        if (next != None)
        {
            _previous[next] = previous;
        }

        if (previous != None)
        {
            _next[previous] = next;
            return;
        }

        _heads[bucket] = next;
        _filled &= next == None && bucket != EmptyBucket ? ~(1ul << (bucket - 1)) : ulong.MaxValue;
    }

    /// <summary>Finds the first run of so many free units, or the longest where none is so long.</summary>
    /// <param name="used">A chunk.</param>
    /// <param name="count">Units.</param>
    /// <param name="run">How many there are, up to <paramref name="count"/>.</param>
    /// <returns>The first of them.</returns>
    private static int FreeRun(ReadOnlySpan<ulong> used, int count, out int run)
    {
        int best = 0, bestStart = 0, length = 0, start = 0;
        for (int at = 0; at < GranulesPerChunk && best < count;)
        {
            int bit = at % GranulesPerPage;
            ulong rest = used[at / GranulesPerPage] >> bit;
            int free = Math.Min(BitOperations.TrailingZeroCount(rest), GranulesPerPage - bit);
            length += free;
            if (length > best)
            {
                (best, bestStart) = (length, start);
            }

            at += free;
            if (bit + free < GranulesPerPage)
            {
                at += Math.Min(BitOperations.TrailingZeroCount(~(rest >> free)), GranulesPerPage - bit - free);
                (length, start) = (0, at);
            }
        }

        run = Math.Min(best, count);
        return bestStart;
    }
}
