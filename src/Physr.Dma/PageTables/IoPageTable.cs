// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Iommu;

namespace Physr.Dma.PageTables;

/// <summary>An IOMMU's page table in one of the formats that hardware walks (row R79, section 4.4): a radix tree in native memory, whose entries hold the addresses of its pages.</summary>
/// <remarks>
/// <para>The largest leaves that alignment and length allow are used, so the cost follows the leaves. AMD v1 has leaves of every power of two, of several entries each.</para>
/// <para>Thread-safe for maps and unmaps of disjoint ranges and for walks of anything. Keeping two calls from the same addresses at once is the caller's work, as it is in the
/// kernel; done all the same, mappings may get lost, but no walk or call leaves the table's own pages.</para>
/// <para>What was unmapped may still be reached through cached translations: the caller invalidates what the <see cref="IotlbGather"/> holds, then calls
/// <see cref="FreeTables"/>. A large leaf that takes the place of an emptied table leaves that table's pages to the next <see cref="Unmap"/>'s gather.</para>
/// </remarks>
public sealed partial class IoPageTable : IDisposable
{
    private const IommuAccess ReadWrite = IommuAccess.Read | IommuAccess.Write;
    private const IommuAccess Known = ReadWrite | IommuAccess.Cache | IommuAccess.Mmio;

    private RadixTable? _table;

    /// <summary>Makes an empty table.</summary>
    /// <param name="format">How its entries are laid out.</param>
    /// <param name="options">Its limits; null for the format's own.</param>
    /// <exception cref="PhysrException">The options do not fit the format (<see cref="Errno.EINVAL"/>), or there is no page for the top (<see cref="Errno.ENOMEM"/>).</exception>
    public IoPageTable(IoPageTableFormat format, IoPageTableOptions? options = null)
    {
        Format = format;
        _table = Create(format, options ?? new());
        Aperture = new(new(0), _table.End);
    }

    /// <summary>How its entries are laid out.</summary>
    public IoPageTableFormat Format { get; }

    /// <summary>The leaf sizes it uses, a bit each (<c>pgsize_bitmap</c>); the lowest is the granule.</summary>
    public ulong PageSizes => Live.PageSizes;

    /// <summary>The IO virtual addresses that it translates, or can grow to.</summary>
    public DmaRange Aperture { get; }

    /// <summary>Levels now; more after a map beyond what they translate.</summary>
    public int Levels => Live.Levels;

    /// <summary>Table pages in use, with those that wait in a gather; 0 after disposal.</summary>
    public long TablePages => _table?.Pool.Pages ?? 0;

    /// <summary>Whether device accesses mark what they use. Leaves that x86-64 mapped before this was set count as written until they are cleared once; the other formats'
    /// count as clean.</summary>
    public bool TracksDirty
    {
        get => Live.TracksDirty;
        set => Live.TracksDirty = value;
    }

    private RadixTable Live
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            RadixTable? table = _table;
            ObjectDisposedException.ThrowIf(table is null, this);
            return table;
        }
    }

    /// <summary>Maps; all or nothing, table pages included.</summary>
    /// <param name="iova">Granule-aligned.</param>
    /// <param name="physical">Granule-aligned; the last byte below 2^52.</param>
    /// <param name="length">Bytes: a multiple of the granule, not zero.</param>
    /// <param name="access">Read, write or both, and attributes. x86-64 knows no write without read.</param>
    /// <returns><see cref="Errno.EINVAL"/> (alignment, length zero, neither read nor write, an unknown bit), <see cref="Errno.ERANGE"/> (outside <see cref="Aperture"/> or the
    /// physical address space), <see cref="Errno.EEXIST"/> (something is mapped there), <see cref="Errno.ENOMEM"/>.</returns>
    public Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access)
    {
        RadixTable table = Live;
        if (length == 0 || ((iova.Value | physical.Value | length) & table.GranuleMask) != 0 || (access & ReadWrite) == IommuAccess.None || (access & ~Known) != IommuAccess.None)
        {
            return Errno.EINVAL;
        }

        // The sum of two numbers below 2^52 does not wrap around, and other two are refused by themselves.
        ulong more = length - 1;
        if (iova.Value >= table.End || length > table.End - iova.Value || ((physical.Value | more | (physical.Value + more)) & ~(EntryBits.PhysicalEnd - 1)) != 0)
        {
            return Errno.ERANGE;
        }

        Errno errno = table.Map(iova.Value, physical.Value, length, access);
        GC.KeepAlive(table);
        return errno;
    }

    /// <summary>Unmaps up to the first hole.</summary>
    /// <param name="iova">Granule-aligned. In the middle of a large leaf it means the whole leaf.</param>
    /// <param name="length">Bytes: a multiple of the granule; what lies beyond the aperture is a hole.</param>
    /// <param name="gather">Gets the addresses to invalidate and the tables to free after that.</param>
    /// <returns>Bytes unmapped: of whole leaves, so that it may be more than <paramref name="length"/>; 0 where nothing is mapped or an argument is not aligned.</returns>
    public ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather)
    {
        ArgumentNullException.ThrowIfNull(gather);
        RadixTable table = Live;
        if (length == 0 || ((iova.Value | length) & table.GranuleMask) != 0 || iova.Value >= table.End)
        {
            return 0;
        }

        ulong unmapped = table.Unmap(iova.Value, iova.Value + (Math.Min(length, table.End - iova.Value) - 1), gather);
        GC.KeepAlive(table);
        return unmapped;
    }

    /// <summary>Frees the table pages that a gather holds, once its addresses were invalidated, and forgets them there.</summary>
    /// <exception cref="PhysrException">They are another table's (<see cref="Errno.EINVAL"/>); none was freed.</exception>
    public void FreeTables(IotlbGather gather)
    {
        ArgumentNullException.ThrowIfNull(gather);
        RadixTable table = Live;
        if (gather.FreedTables.Count != 0)
        {
            table.Free(gather.FreedTables);
            GC.KeepAlive(table);
        }
    }

    /// <summary>Walks as software does (<c>iommu_iova_to_phys</c>): no permission is asked for and nothing is marked.</summary>
    public bool TryTranslate(DmaAddress iova, out IommuTranslation translation)
    {
        RadixTable table = Live;
        bool isMapped = table.TryTranslate(iova.Value, out translation);
        GC.KeepAlive(table);
        return isMapped;
    }

    /// <summary>Walks as hardware does for a device's access: permission is asked for at every level; accessed and dirty bits are set by compare-and-swap, where the format sets
    /// them always or <see cref="TracksDirty"/> asks for them.</summary>
    /// <param name="iova">What the device put on its bus.</param>
    /// <param name="isWrite">Whether it writes.</param>
    /// <param name="translation">Where that leads; default when refused.</param>
    /// <param name="reason">Why not; <see cref="IommuFaultReason.None"/> when it does.</param>
    /// <returns>Whether the access may go on.</returns>
    public bool TryAccess(DmaAddress iova, bool isWrite, out IommuTranslation translation, out IommuFaultReason reason)
    {
        RadixTable table = Live;
        if (iova.Value >= table.End)
        {
            translation = default;
            reason = IommuFaultReason.BeyondAperture;
            return false;
        }

        reason = table.Access(iova.Value, isWrite, out translation);
        GC.KeepAlive(table);
        return reason == IommuFaultReason.None;
    }

    /// <summary>Reports each leaf that devices wrote to. Counts as a use of the range: not while it is unmapped.</summary>
    /// <param name="range">Which IO virtual addresses; what lies outside the aperture is clean.</param>
    /// <param name="clear">Whether to mark them clean; the caller then invalidates what <paramref name="gather"/> holds, without which later writes may go unseen.</param>
    /// <param name="gather">Gets the leaves that were cleaned.</param>
    /// <param name="dirty">Told of each dirty leaf, clipped to the range, upwards.</param>
    public void ReadDirty(DmaRange range, bool clear, IotlbGather gather, Action<DmaRange> dirty)
    {
        ArgumentNullException.ThrowIfNull(gather);
        ArgumentNullException.ThrowIfNull(dirty);
        RadixTable table = Live;
        if (!range.IsEmpty && range.Start.Value < table.End)
        {
            table.ReadDirty(range.Start.Value, Math.Min(range.End.Value, table.End) - 1, clear, gather, dirty);
            GC.KeepAlive(table);
        }
    }

    /// <summary>Reads the raw entry that a walk meets at a level, for dumps: 0 where it is absent.</summary>
    /// <param name="iova">Which way to walk.</param>
    /// <param name="level">From 1, the level of 4 KiB leaves, to <see cref="Levels"/>.</param>
    /// <param name="entry">The entry as the format spells it.</param>
    /// <returns>False where the walk ends above that level.</returns>
    public bool TryReadEntry(DmaAddress iova, int level, out ulong entry)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, 1);
        RadixTable table = Live;
        bool isThere = table.TryReadEntry(iova.Value, level, out entry);
        GC.KeepAlive(table);
        return isThere;
    }

    /// <summary>Frees every page. Nobody may be in a call or walk by then.</summary>
    public void Dispose()
    {
        Interlocked.Exchange(ref _table, null)?.Pool.Dispose();
    }
}
