// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

public sealed partial class PagingHardwarePageTable
{
    /// <summary>Begins or ends noting which pages devices write (<c>IOMMU_HWPT_SET_DIRTY_TRACKING</c>); beginning forgets what was noted.</summary>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> where the domain cannot.</returns>
    public Errno SetDirtyTracking(bool isOn) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Sets a bit for each page that devices wrote (<c>IOMMU_HWPT_GET_DIRTY_BITMAP</c>, row R77). Bits of clean pages stay as they are.</summary>
    /// <param name="iova">The first address, on a page of <paramref name="pageSize"/>.</param>
    /// <param name="length">Bytes, all within mappings.</param>
    /// <param name="pageSize">Bytes a bit stands for: a power of two, not below the smallest page of the domain.</param>
    /// <param name="clear">Whether what is reported is forgotten.</param>
    /// <param name="bitmap">One bit for each page, the first in the lowest bit of the first byte; its memory may lie anywhere.</param>
    /// <returns><see cref="Errno.EOVERFLOW"/>; <see cref="Errno.EINVAL"/> for alignment, a hole in the range or a bitmap that is too short; <see cref="Errno.EOPNOTSUPP"/>.</returns>
    public Errno GetDirtyBitmap(DmaAddress iova, ulong length, ulong pageSize, bool clear, Span<byte> bitmap) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;
}
