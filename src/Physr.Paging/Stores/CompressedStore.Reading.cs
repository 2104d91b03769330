// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Paging.Stores;

/// <content>Reading.</content>
internal sealed unsafe partial class CompressedStore
{
    /// <inheritdoc/>
    public override Errno Read(ulong offset, nint destination, nuint length)
    {
        if (!Covers(offset, length))
        {
            return OutOfRange(offset, length);
        }

        for (nuint done = 0; done < length; done += PageBytes)
        {
            Errno errno = ReadPage((offset + done) / PageBytes, destination + (nint)done);
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        return Errno.None;
    }

    private Errno ReadPage(ulong page, nint destination)
    {
        BlobEntry entry = new(Volatile.Read(ref EntryOf(page)));
        for (int tries = 1; !entry.IsZero; tries++)
        {
            Errno errno = Errno.EIO;
            if (entry.PointsInto(_space.Granules))
            {
                CompressorLane lane = Lane;
                lock (lane.Lock)
                {
                    errno = Decode(page, entry, lane, destination);
                }
            }

            BlobEntry now = new(Volatile.Read(ref EntryOf(page)));
            if (errno == Errno.None)
            {
                return errno;
            }

            if (now == entry || tries == MostTries)
            {
                return Failed(errno, errno == Errno.EIO ? $"page {page} is damaged" : $"page {page} could not be read");
            }

            entry = now;
        }

        // SAFETY: a page of the caller's.
        new Span<byte>((byte*)destination, PageBytes).Clear();
        return Errno.None;
    }

    /// <summary>Copies a blob out of its file, checks it, and makes the page of it.</summary>
    /// <param name="page">The page's number.</param>
    /// <param name="entry">Its entry, which points into the file.</param>
    /// <param name="lane">Whose lock is held, or nobody else is there.</param>
    /// <param name="destination">A page of memory; on failure it may hold anything.</param>
    private Errno Decode(ulong page, BlobEntry entry, CompressorLane lane, nint destination)
    {
        // SAFETY: destination is a page of the caller's, and Count is 64 for a raw blob and less for a compressed one (PointsInto), so that it fits the lane's page.
        Span<byte> bytes = new((byte*)destination, PageBytes);
        bool isRaw = entry.Kind == BlobKind.Raw;
        nuint length = (nuint)entry.Count * BlobSpace.GranuleBytes;
        Errno errno = _blobs.Read(isRaw ? destination : lane.BlobAddress, length, (ulong)entry.Granule * BlobSpace.GranuleBytes);
        if (errno != Errno.None || isRaw)
        {
            return errno != Errno.None || entry.For(page, bytes) == entry ? errno : Errno.EIO;
        }

        Span<byte> blob = lane.Blob[..(int)length];
        int used = LengthBytes + BinaryPrimitives.ReadUInt16LittleEndian(blob);
        bool isGood = used <= blob.Length && entry.For(page, blob[..used]) == entry && lane.Compressor.TryDecompress(blob[LengthBytes..used], bytes);
        return isGood ? Errno.None : Errno.EIO;
    }
}
