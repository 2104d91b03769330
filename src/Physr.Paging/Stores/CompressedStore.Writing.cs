// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Paging.Stores;

/// <content>Writing.</content>
internal sealed unsafe partial class CompressedStore
{
    /// <inheritdoc/>
    public override Errno Write(ulong offset, nint source, nuint length)
    {
        if (!Covers(offset, length))
        {
            return OutOfRange(offset, length);
        }

        for (nuint done = 0; done < length; done += PageBytes)
        {
            Errno errno = WritePage((offset + done) / PageBytes, source + (nint)done);
            if (errno != Errno.None)
            {
                return Failed(errno, $"page {(offset + done) / PageBytes} could not be written");
            }
        }

        return Errno.None;
    }

    private Errno WritePage(ulong page, nint source)
    {
        // SAFETY: a page of the caller's, which nobody changes meanwhile.
        ReadOnlySpan<byte> bytes = new((byte*)source, PageBytes);
        BlobEntry entry = default;
        if (bytes.ContainsAnyExcept((byte)0))
        {
            CompressorLane lane = Lane;
            lock (lane.Lock)
            {
                Span<byte> room = lane.Blob[..(MostCompressed * BlobSpace.GranuleBytes)];
                bool isSmall = lane.Compressor.TryCompress(bytes, room[LengthBytes..], out int written);
                BinaryPrimitives.WriteUInt16LittleEndian(room, (ushort)written);
                Errno errno = isSmall
                    ? Store(page, BlobKind.Compressed, room[..(LengthBytes + written)], lane.BlobAddress, out entry)
                    : Store(page, BlobKind.Raw, bytes, source, out entry);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }
        }

        // Whoever writes the same page at the same time gets another old entry: each blob is freed once.
        BlobEntry old = new(Interlocked.Exchange(ref EntryOf(page), entry.Value));
        AfterStep?.Invoke(CompressedStep.Published);
        if (!old.IsZero && old.PointsInto(_space.Granules))
        {
            _space.Free(old.Granule, old.Count);
            AfterStep?.Invoke(CompressedStep.Freed);
        }

        return Errno.None;
    }

    /// <summary>Writes a blob where none is.</summary>
    private Errno Store(ulong page, BlobKind kind, ReadOnlySpan<byte> blob, nint address, out BlobEntry entry)
    {
        int count = (blob.Length + BlobSpace.GranuleBytes - 1) / BlobSpace.GranuleBytes;
        long granule = _space.Allocate(count);
        entry = default;
        if (granule < 0)
        {
            return Errno.ENOSPC;
        }

        AfterStep?.Invoke(CompressedStep.Allocated);
        Errno errno = _blobs.Write(address, (nuint)blob.Length, (ulong)granule * BlobSpace.GranuleBytes);
        if (errno != Errno.None)
        {
            _space.Free(granule, count);
            return errno;
        }

        AfterStep?.Invoke(CompressedStep.Written);
        entry = BlobEntry.Of(kind, granule, count).For(page, blob);
        return Errno.None;
    }
}
