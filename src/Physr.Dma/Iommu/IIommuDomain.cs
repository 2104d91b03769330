// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Dma.Iommu;

/// <summary>One translation from IO virtual to physical addresses, to which devices attach (the kernel's paging <c>iommu_domain</c>).</summary>
/// <remarks>Map and unmap of disjoint ranges, and translation at any time, are thread-safe. What was unmapped may still be reached by a device until <see cref="Sync"/>.</remarks>
public interface IIommuDomain
{
    /// <summary>The leaf sizes it can make, a bit each (<c>pgsize_bitmap</c>); the lowest is the granule.</summary>
    ulong PageSizes { get; }

    /// <summary>The IO virtual addresses it can translate.</summary>
    DmaRange Aperture { get; }

    /// <summary>Whether it can track which pages devices wrote.</summary>
    bool SupportsDirtyTracking { get; }

    /// <summary>Maps; all or nothing.</summary>
    /// <param name="iova">Granule-aligned.</param>
    /// <param name="physical">Granule-aligned.</param>
    /// <param name="length">A multiple of the granule; not zero.</param>
    /// <param name="access">What devices may do there.</param>
    /// <returns><see cref="Errno.EEXIST"/> over a mapping, <see cref="Errno.ENOMEM"/>, <see cref="Errno.EINVAL"/> (alignment), <see cref="Errno.ERANGE"/> (outside the aperture).</returns>
    Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access);

    /// <summary>Unmaps what is there and notes in <paramref name="gather"/> what has to be invalidated and freed.</summary>
    /// <returns>Bytes unmapped: stops at the first hole; a large leaf goes whole, so that it may be more than asked for.</returns>
    ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather);

    /// <summary>Invalidates what was gathered, in one go; after it no device reaches those addresses, and their tables are freed. The gather is empty afterwards.</summary>
    void Sync(IotlbGather gather);

    /// <summary>Invalidates everything.</summary>
    void FlushAll();

    /// <summary>Frees the tables that were gathered, where a <see cref="FlushAll"/> has invalidated since: what lazy flushing ends with.</summary>
    void FreeTables(IotlbGather gather) => Sync(gather);

    /// <summary>Walks the tables as software does (<c>iommu_iova_to_phys</c>).</summary>
    bool TryTranslate(DmaAddress iova, out IommuTranslation translation);

    /// <summary>Switches dirty tracking; <see cref="Errno.EOPNOTSUPP"/> where there is none.</summary>
    Errno SetDirtyTracking(bool isOn);

    /// <summary>Reports each leaf in a range that a device wrote, and forgets it unless told not to.</summary>
    /// <param name="range">Which IO virtual addresses.</param>
    /// <param name="clear">Whether the dirty bits are cleared; the caller then syncs <paramref name="gather"/>.</param>
    /// <param name="gather">What has to be invalidated.</param>
    /// <param name="dirty">Told of each dirty part, clipped to the range.</param>
    Errno ReadDirty(DmaRange range, bool clear, IotlbGather gather, Action<DmaRange> dirty);
}
