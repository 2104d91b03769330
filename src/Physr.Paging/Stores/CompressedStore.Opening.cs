// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Compression;
using Physr.Linux.Memory;

namespace Physr.Paging.Stores;

/// <content>Taking the files over.</content>
internal sealed partial class CompressedStore
{
    /// <summary>How long the index for so many bytes of pages is.</summary>
    public static ulong IndexBytes(ulong length) => ((length / PageBytes * sizeof(ulong)) + PageBytes - 1) / PageBytes * PageBytes;

    /// <summary>The most bytes of pages.</summary>
    public static ulong MostLength => (BlobEntry.MostGranules * BlobSpace.GranuleBytes) - (BlobSpace.FileBytes(0) * 2);

    /// <summary>Makes a store of the two files, whether they are new or were another process's.</summary>
    /// <param name="kind"><see cref="StoreKind.Lz4"/> or <see cref="StoreKind.Zstd"/>.</param>
    /// <param name="level">The compressor's.</param>
    /// <param name="index">The index; the store's from here on, also where this fails.</param>
    /// <param name="blobs">The blobs; the same.</param>
    /// <param name="length">Bytes of pages.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    public static Errno TryOpen(StoreKind kind, int level, MemoryFile index, MemoryFile blobs, ulong length, out CompressedStore? store, out string reason)
    {
        store = null;
        Errno errno = TryMakeLanes(kind, level, out CompressorLane[] lanes, out reason);
        Mapping? entries = null;
        BlobSpace? space = null;
        errno = errno == Errno.None ? index.TryMap(0, (nuint)IndexBytes(length), false, out entries, out reason) : errno;
        errno = errno == Errno.None ? BlobSpace.TryCreate(blobs, length, out space, out reason) : errno;
        if (entries is null || space is null)
        {
            Array.ForEach(lanes, static lane => lane.Dispose());
            entries?.Dispose();
            index.Dispose();
            blobs.Dispose();
            return errno;
        }

        store = new(blobs, index, entries, space, lanes, length);
        store.Adopt();
        return Errno.None;
    }

    private static Errno TryMakeLanes(StoreKind kind, int level, out CompressorLane[] lanes, out string reason)
    {
        lanes = [];
        reason = "";
        List<CompressorLane> made = [];
        while (made.Count < Math.Min(Environment.ProcessorCount, MostLanes))
        {
            Errno errno = TryMakeCompressor(kind, level, out IPageCompressor? compressor, out reason);
            if (compressor is null)
            {
                made.ForEach(static lane => lane.Dispose());
                return errno;
            }

            made.Add(new(compressor));
        }

        lanes = [.. made];
        return Errno.None;
    }

    private static Errno TryMakeCompressor(StoreKind kind, int level, out IPageCompressor? compressor, out string reason)
    {
        Errno errno;
        if (kind == StoreKind.Lz4)
        {
            errno = Lz4Compressor.TryCreate(level, out Lz4Compressor? lz4, out reason);
            compressor = lz4;
            return errno;
        }

        errno = ZstdCompressor.TryCreate(level, out ZstdCompressor? zstd, out reason);
        compressor = zstd;
        return errno;
    }

    /// <summary>Notes which units are in use. Where the index contradicts itself every blob is read, and the entries of those that are damaged are marked as lost.</summary>
    private void Adopt()
    {
        if (!Claim(checks: false))
        {
            _space.Unclaim();
            _ = Claim(checks: true);
        }

        _space.Settle();
    }

    private unsafe bool Claim(bool checks)
    {
        byte* page = stackalloc byte[PageBytes];
        LostPages = 0;
        for (ulong from = 0; _indexFile.TryNextData(from, out ulong start, out ulong end) && end > from; from = end)
        {
            for (ulong at = start / sizeof(ulong); at < Math.Min(end / sizeof(ulong), Length / PageBytes); at++)
            {
                BlobEntry entry = new(Volatile.Read(ref EntryOf(at)));
                if (entry.IsZero || entry == BlobEntry.Lost)
                {
                    LostPages += entry.IsZero ? 0u : 1u;
                    continue;
                }

                // SAFETY: a whole page of this thread's stack.
                bool isGood = entry.PointsInto(_space.Granules) && (!checks || Decode(at, entry, _lanes[0], (nint)page) == Errno.None) && _space.TryClaim(entry.Granule, entry.Count);
                if (!isGood && !checks)
                {
                    return false;
                }

                if (!isGood)
                {
                    Volatile.Write(ref EntryOf(at), BlobEntry.Lost.Value);
                    LostPages++;
                }
            }
        }

        return true;
    }
}
