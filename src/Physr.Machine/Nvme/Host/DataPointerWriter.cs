// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme.Host;

/// <summary>Describes part of a <see cref="DmaRangeList"/> to a controller, as PRPs or as an SGL, in list pages that belong to the command. Both forms stop where
/// they cannot go on, and the caller sends the rest with another command.</summary>
internal static class DataPointerWriter
{
    private const ulong Page = PageSize.Size4K;
    private const int EntriesPerPage = (int)(Page / sizeof(ulong));

    // The average run from which one descriptor is cheaper for the controller than its pages (Linux: sgl_threshold).
    private const ulong SglThreshold = 32 << 10;

    /// <summary>Bytes of list pages that any transfer of a size needs, unaligned start included.</summary>
    public static ulong ListBytes(ulong maxTransferBytes)
    {
        ulong entries = (maxTransferBytes / Page) + 1;
        ulong pages = (entries + EntriesPerPage - 2) / (EntriesPerPage - 1);
        return pages * Page;
    }

    /// <summary>Fills the data pointer of an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="data">The list.</param>
    /// <param name="offset">The first byte in it.</param>
    /// <param name="bytes">How many are wanted; a multiple of <paramref name="blockSize"/>.</param>
    /// <param name="blockSize">What a shorter result is a multiple of.</param>
    /// <param name="form">PRPs or SGLs; Automatic only where the controller has both.</param>
    /// <param name="list">The command's list pages.</param>
    /// <param name="listAddress">Where the controller finds them.</param>
    /// <returns>How many bytes are described; 0 where not even one block can be.</returns>
    public static ulong Write(
        ref SubmissionEntry entry, DmaRangeList data, ulong offset, ulong bytes, ulong blockSize, NvmeDataPointers form, Span<byte> list, DmaAddress listAddress)
    {
        if (form == NvmeDataPointers.Sgl)
        {
            return WriteSglBlocks(ref entry, data, offset, bytes, blockSize, list, listAddress);
        }

        if (form == NvmeDataPointers.Automatic && IsLongRuns(data, offset, bytes))
        {
            return WriteSglBlocks(ref entry, data, offset, bytes, blockSize, list, listAddress);
        }

        ulong prp = WritePrp(ref entry, data, offset, bytes, list, listAddress);
        if (prp == bytes)
        {
            return prp;
        }

        if (form == NvmeDataPointers.Automatic)
        {
            return WriteSglBlocks(ref entry, data, offset, bytes, blockSize, list, listAddress);
        }

        prp -= prp % blockSize;
        return prp == 0 ? 0 : WritePrp(ref entry, data, offset, prp, list, listAddress);
    }

    private static bool IsLongRuns(DmaRangeList data, ulong offset, ulong bytes)
    {
        ulong most = bytes / SglThreshold;
        foreach (DmaEntry _ in data.Segments(offset, bytes, SegmentLimits.None))
        {
            if (most-- == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static ulong WritePrp(ref SubmissionEntry entry, DmaRangeList data, ulong offset, ulong bytes, Span<byte> list, DmaAddress listAddress)
    {
        Span<ulong> entries = MemoryMarshal.Cast<byte, ulong>(list);
        ulong done = 0;
        int used = 0;
        bool endsOnPage = true;
        entry.Prp1 = 0;
        foreach (DmaEntry run in data.Segments(offset, bytes, SegmentLimits.None))
        {
            ulong address = run.Range.Start.Value;
            ulong left = run.Range.Length;
            bool fits = done == 0 ? address % sizeof(uint) == 0 : endsOnPage && address % Page == 0;
            if (!fits)
            {
                break;
            }

            for (ulong taken; left != 0; address += taken, left -= taken, done += taken)
            {
                taken = Math.Min(left, Page - (address % Page));
                if (done == 0)
                {
                    entry.Prp1 = address;
                }
                else
                {
                    AddPage(entries, ref used, address, listAddress);
                }
            }

            endsOnPage = address % Page == 0;
        }

        entry.Prp2 = used switch
        {
            0 => 0,
            1 => entries[0],
            _ => listAddress.Value,
        };
        entry.Cdw0 &= ~(3u << 14);
        return done;
    }

    // The last entry of a list page is data if nothing follows it and a link if something does: it moves on when a follower comes.
    private static void AddPage(Span<ulong> entries, ref int used, ulong address, DmaAddress listAddress)
    {
        if (used != 0 && used % EntriesPerPage == 0)
        {
            entries[used] = entries[used - 1];
            entries[used - 1] = listAddress.Add((ulong)used * sizeof(ulong)).Value;
            used++;
        }

        entries[used++] = address;
    }

    private static ulong WriteSglBlocks(
        ref SubmissionEntry entry, DmaRangeList data, ulong offset, ulong bytes, ulong blockSize, Span<byte> list, DmaAddress listAddress)
    {
        ulong described = WriteSgl(ref entry, data, offset, bytes, list, listAddress);
        if (described == bytes)
        {
            return described;
        }

        described -= described % blockSize;
        return described == 0 ? 0 : WriteSgl(ref entry, data, offset, described, list, listAddress);
    }

    private static ulong WriteSgl(ref SubmissionEntry entry, DmaRangeList data, ulong offset, ulong bytes, Span<byte> list, DmaAddress listAddress)
    {
        Span<SglDescriptor> descriptors = MemoryMarshal.Cast<byte, SglDescriptor>(list);
        ulong done = 0;
        int used = 0;
        foreach (DmaEntry run in data.Segments(offset, bytes, SegmentLimits.None))
        {
            if (used == descriptors.Length)
            {
                break;
            }

            descriptors[used++] = SglDescriptor.Create(SglType.DataBlock, run.Range.Start.Value, checked((uint)run.Range.Length));
            done += run.Range.Length;
        }

        SglDescriptor first = used == 1
            ? descriptors[0]
            : SglDescriptor.Create(SglType.LastSegment, listAddress.Value, (uint)(used * SglDescriptor.Size));
        entry.Prp1 = first.Address;
        entry.Prp2 = first.Control;
        entry.Cdw0 = (entry.Cdw0 & ~(3u << 14)) | 1u << 14;
        return done;
    }
}
