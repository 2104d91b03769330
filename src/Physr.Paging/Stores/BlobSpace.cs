// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Linux.Memory;

namespace Physr.Paging.Stores;

/// <summary>Which parts of a compressed store's file are in use: a bit for each 64 bytes. It is this process's alone, made anew from the index by the next one.</summary>
/// <remarks><para>Blobs of 1 to 64 units lie anywhere within chunks of 64 KiB. Chunks are listed by their longest free run, so that a blob goes where it leaves the least over, in constant time, and to an empty chunk
/// last. <see cref="Allocate"/> cannot fail as long as there are no more blobs than pages: to keep a blob out, a chunk needs at least 16 others, and there is a chunk for every 16 pages and some more.</para>
/// <para>Pages of 4 KiB that have become free are given back to the system, except a few that are used again first. Bits are set and cleared as they are told: an index that a client falsified makes
/// pages of that client wrong, which their checksums show, and nothing else.</para></remarks>
internal sealed unsafe partial class BlobSpace : IDisposable
{
    /// <summary>The unit, in bytes.</summary>
    public const int GranuleBytes = 64;

    /// <summary>Units of a page.</summary>
    public const int GranulesPerPage = PageStore.PageBytes / GranuleBytes;

    /// <summary>Free pages that keep their memory.</summary>
    public const int KeptPages = 64;

    private const int PagesPerChunk = 16;
    private const int GranulesPerChunk = PagesPerChunk * GranulesPerPage;

    // A page, and 2 + 1 + 4 + 4 bytes of a chunk.
    private const int BytesPerChunk = (PagesPerChunk * sizeof(ulong)) + sizeof(ushort) + sizeof(byte) + (2 * sizeof(int));

    // More blobs than pages there are only while writes are under way: one for each thread that writes.
    private const int SpareChunks = 64;

    private readonly Lock _lock = new();
    private readonly MemoryFile _file;
    private readonly Mapping _memory;
    private readonly ulong* _used;
    private readonly int* _next;
    private readonly int* _previous;
    private readonly ushort* _backed;
    private readonly byte* _bucket;
    private readonly int[] _heads = new int[EmptyBucket + 1];
    private readonly int _chunks;
    private ulong _filled;
    private int _fresh;
    private int _kept;
    private long _usedGranules;

    private BlobSpace(MemoryFile file, Mapping memory, int chunks)
    {
        // SAFETY: the mapping has BytesPerChunk for each chunk, and is there until Dispose. The parts follow each other, those of larger alignment first. Its pages are zeros until they are touched.
        (_file, _memory, _chunks) = (file, memory, chunks);
        _used = (ulong*)memory.Address;
        _next = (int*)(_used + ((nint)chunks * PagesPerChunk));
        _previous = _next + chunks;
        _backed = (ushort*)(_previous + chunks);
        _bucket = (byte*)(_backed + chunks);
        _heads.AsSpan().Fill(None);
    }

    /// <summary>Units of the file.</summary>
    public long Granules => (long)_chunks * GranulesPerChunk;

    /// <summary>Bytes that blobs take.</summary>
    public long UsedBytes => Volatile.Read(ref _usedGranules) * GranuleBytes;

    /// <summary>How long the file for so many bytes of pages is.</summary>
    public static ulong FileBytes(ulong length) => (ulong)ChunksFor(length) * GranulesPerChunk * GranuleBytes;

    /// <summary>Makes a space in which nothing is in use.</summary>
    public static Errno TryCreate(MemoryFile file, ulong length, out BlobSpace? space, out string reason)
    {
        space = null;
        int chunks = ChunksFor(length);
        nuint bytes = ((nuint)chunks * BytesPerChunk + PageStore.PageBytes - 1) / PageStore.PageBytes * PageStore.PageBytes;
        Errno errno = Mapping.TryMapAnonymous(bytes, false, out Mapping? memory, out reason);
        space = memory is null ? null : new(file, memory, chunks);
        return errno;
    }

    /// <summary>Takes units that follow each other.</summary>
    /// <param name="count">1 to 64.</param>
    /// <returns>The first; -1 where there is no room.</returns>
    public long Allocate(int count)
    {
        lock (_lock)
        {
            int chunk = FindChunk(count);
            if (chunk == None)
            {
                return -1;
            }

            int start = FreeRun(UsedOf(chunk), count, out int run);
            if (run < count)
            {
                throw new InvalidOperationException($"a compressed store's chunk {chunk} is listed for runs of {_bucket[chunk]} units and has none of {count}");
            }

            long granule = ((long)chunk * GranulesPerChunk) + start;
            Mark(granule, count);
            List(chunk);
            return granule;
        }
    }

    /// <summary>Gives units back, and their memory to the system where whole pages have become free.</summary>
    public void Free(long granule, int count)
    {
        long first = granule / GranulesPerPage, last = (granule + count - 1) / GranulesPerPage;
        uint punched = 0;
        lock (_lock)
        {
            for (long page = first; page <= last; page++)
            {
                punched |= Clear(page, MaskOf(page, granule, count)) ? 1u << (int)(page - first) : 0;
            }

            for (long chunk = first / PagesPerChunk; chunk <= last / PagesPerChunk; chunk++)
            {
                List((int)chunk);
            }
        }

        // Nobody is given these pages meanwhile.
        for (long page = first; page <= last; page++)
        {
            if ((punched & (1u << (int)(page - first))) != 0)
            {
                _ = _file.Punch((ulong)page * PageStore.PageBytes, PageStore.PageBytes);
                Release(page);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static int ChunksFor(ulong length) => checked((int)((length / (PagesPerChunk * PageStore.PageBytes)) + SpareChunks + 1));

    private static ulong MaskOf(long page, long granule, int count)
    {
        long start = Math.Max(granule - (page * GranulesPerPage), 0), end = Math.Min(granule + count - (page * GranulesPerPage), GranulesPerPage);
        return (ulong.MaxValue >> (GranulesPerPage - (int)(end - start))) << (int)start;
    }

    // SAFETY: pages and chunks are within the mapping: they come from Allocate's own chunks, or from entries that PointsInto(Granules) held for.
    private Span<ulong> UsedOf(int chunk) => new(_used + ((nint)chunk * PagesPerChunk), PagesPerChunk);

    private void Mark(long granule, int count)
    {
        for (long page = granule / GranulesPerPage; page <= (granule + count - 1) / GranulesPerPage; page++)
        {
            ulong mask = MaskOf(page, granule, count);
            ref ushort backed = ref _backed[page / PagesPerChunk];
            ushort bit = (ushort)(1 << (int)(page % PagesPerChunk));
            _kept -= _used[page] == 0 && (backed & bit) != 0 ? 1 : 0;
            backed |= bit;
            _usedGranules += BitOperations.PopCount(mask & ~_used[page]);
            _used[page] |= mask;
        }
    }

    /// <summary>Clears units of a page.</summary>
    /// <returns>Whether the page has become free and is to lose its memory: it is all in use until <see cref="Release"/>.</returns>
    private bool Clear(long page, ulong mask)
    {
        ulong cleared = _used[page] & mask;
        _usedGranules -= BitOperations.PopCount(cleared);
        _used[page] ^= cleared;
        ref ushort backed = ref _backed[page / PagesPerChunk];
        ushort bit = (ushort)(1 << (int)(page % PagesPerChunk));
        if (_used[page] != 0 || cleared == 0 || (backed & bit) == 0)
        {
            return false;
        }

        if (_kept < KeptPages)
        {
            _kept++;
            return false;
        }

        backed &= (ushort)~bit;
        _used[page] = ulong.MaxValue;
        return true;
    }

    private void Release(long page)
    {
        lock (_lock)
        {
            _used[page] = 0;
            List((int)(page / PagesPerChunk));
        }
    }
}
