// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Who uses an I/O address space through an <see cref="IommufdAccess"/>: an emulated device, a mediated driver (row R76).</summary>
public interface IAccessUser
{
    /// <summary>Whether it pins: then mappings are kept on 4 KiB pages, and <see cref="Unmap"/> will be called.</summary>
    bool NeedsPinnedPages { get; }

    /// <summary>Told that a range is going away: it must unpin all it pinned there before it returns, or see that it soon does. Called without any lock held,
    /// maybe several times and for more than it pinned.</summary>
    /// <param name="iova">The first address.</param>
    /// <param name="length">Bytes; all ones for everything.</param>
    void Unmap(DmaAddress iova, ulong length);
}
