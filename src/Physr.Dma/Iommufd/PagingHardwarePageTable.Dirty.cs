// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;
using System.Numerics;

namespace Physr.Dma.Iommufd;

public sealed partial class PagingHardwarePageTable
{
    /// <summary>Begins or ends noting which pages devices write (<c>IOMMU_HWPT_SET_DIRTY_TRACKING</c>); beginning forgets what was noted.</summary>
    /// <param name="isOn">Whether to begin.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> where the domain cannot; <see cref="Errno.ENOENT"/> once it is destroyed.</returns>
    public Errno SetDirtyTracking(bool isOn)
    {
        if (!TryUse())
        {
            return Errno.ENOENT;
        }

        Errno errno = Domain.SupportsDirtyTracking ? Ioas.SetDirtyTracking(Domain, isOn) : Errno.EOPNOTSUPP;
        EndUse();
        return errno;
    }

    /// <summary>Sets a bit for each page that devices wrote (<c>IOMMU_HWPT_GET_DIRTY_BITMAP</c>, row R77). Bits of clean pages stay as they are.</summary>
    /// <param name="iova">The first address, on a page of <paramref name="pageSize"/>.</param>
    /// <param name="length">Bytes, all within mappings.</param>
    /// <param name="pageSize">Bytes a bit stands for: a power of two, not below the smallest page of the domain.</param>
    /// <param name="clear">Whether what is reported is forgotten.</param>
    /// <param name="bitmap">One bit for each page, the first in the lowest bit of the first byte; its memory may lie anywhere.</param>
    /// <returns><see cref="Errno.EOVERFLOW"/>; <see cref="Errno.EINVAL"/> for alignment, a hole in the range or a bitmap that is too short; <see cref="Errno.EOPNOTSUPP"/>;
    /// <see cref="Errno.ENOENT"/> once it is destroyed.</returns>
    public Errno GetDirtyBitmap(DmaAddress iova, ulong length, ulong pageSize, bool clear, Span<byte> bitmap)
    {
        if (length == 0)
        {
            return Errno.EINVAL;
        }

        // The very last byte of the space is in no range, and no domain reaches it.
        if (iova.Value > ulong.MaxValue - length)
        {
            return Errno.EOVERFLOW;
        }

        if (!BitOperations.IsPow2(pageSize) || pageSize < (Domain.PageSizes & (0UL - Domain.PageSizes)) || ((iova.Value | length) & (pageSize - 1)) != 0
            || ((length / pageSize) + 7) / 8 > (ulong)bitmap.Length)
        {
            return Errno.EINVAL;
        }

        if (!TryUse())
        {
            return Errno.ENOENT;
        }

        Errno errno = Domain.SupportsDirtyTracking ? CollectDirty(new(iova, length), BitOperations.TrailingZeroCount(pageSize), clear, bitmap) : Errno.EOPNOTSUPP;
        EndUse();
        return errno;
    }

    private Errno CollectDirty(DmaRange range, int pageShift, bool clear, Span<byte> bitmap)
    {
        int words = (int)(((range.Length >> pageShift) + 63) / 64);
        ulong[] bits = ArrayPool<ulong>.Shared.Rent(words);
        bits.AsSpan(0, words).Clear();
        Errno errno = Ioas.ReadDirty(Domain, range, clear, dirty => SetBits(bits, (dirty.Start.Value - range.Start.Value) >> pageShift, (dirty.Last.Value - range.Start.Value) >> pageShift));
        if (errno == Errno.None)
        {
            int bytes = (int)(((range.Length >> pageShift) + 7) / 8);
            for (int i = 0; i < bytes; i++)
            {
                bitmap[i] |= (byte)(bits[i / 8] >> (i % 8 * 8));
            }
        }

        ArrayPool<ulong>.Shared.Return(bits);
        return errno;
    }

    private static void SetBits(ulong[] bits, ulong first, ulong last)
    {
        ulong from = ulong.MaxValue << (int)(first % 64);
        ulong upTo = ulong.MaxValue >> (int)(63 - (last % 64));
        (ulong word, ulong lastWord) = (first / 64, last / 64);
        while (word < lastWord)
        {
            bits[word++] |= from;
            from = ulong.MaxValue;
        }

        bits[word] |= from & upTo;
    }
}
