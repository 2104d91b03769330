// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Dma.Iommu;

/// <summary>A translation that page tables hold, and the IOMMUs in which devices are attached to it: they are told what to forget before the memory of a table is used
/// again. Thread-safe as its interface says.</summary>
public sealed class IommuDomain : IIommuDomain, IDisposable
{
    private readonly IoPageTable _table;
    private readonly Lock _lock = new();
    private IommuUnit[] _units = [];
    private bool _isDisposed;
    private long _flushes;

    /// <summary>Makes an empty domain.</summary>
    /// <param name="format">How its tables are laid out.</param>
    /// <param name="options">Their bounds; null is the default.</param>
    public IommuDomain(IoPageTableFormat format, IoPageTableOptions? options = null) => _table = new(format, options);

    /// <inheritdoc/>
    public ulong PageSizes => _table.PageSizes;

    /// <inheritdoc/>
    public DmaRange Aperture => _table.Aperture;

    /// <inheritdoc/>
    public bool SupportsDirtyTracking => true;

    /// <summary>Whether the first write through a leaf has to reach the table now: while writes are tracked, and always where the format's hardware sets dirty bits.</summary>
    public bool MarksWrites => _table.TracksDirty || _table.Format == IoPageTableFormat.X86_64;

    /// <summary>How the tables are laid out.</summary>
    public IoPageTableFormat Format => _table.Format;

    /// <summary>Levels of the table now: entries that a walk to the smallest leaf reads.</summary>
    public int Levels => _table.Levels;

    /// <summary>4 KiB pages that its tables take.</summary>
    public long TablePages => _table.TablePages;

    /// <summary>IOTLB flushes asked for so far, each one command in each IOMMU concerned: for gathered ranges, and for everything.</summary>
    public long Flushes => Interlocked.Read(ref _flushes);

    /// <inheritdoc/>
    public Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access) => _table.Map(iova, physical, length, access);

    /// <inheritdoc/>
    public ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather) => _table.Unmap(iova, length, gather);

    /// <inheritdoc/>
    public void Sync(IotlbGather gather)
    {
        ArgumentNullException.ThrowIfNull(gather);
        if (!gather.IsEmpty || gather.FreedTables.Count != 0)
        {
            DmaRange range = gather.IsEmpty ? default : DmaRange.FromBounds(new(gather.Start), new(gather.End));
            foreach (IommuUnit unit in CountFlush())
            {
                unit.Invalidate(this, range);
            }
        }

        FreeTables(gather);
        gather.Reset();
    }

    /// <inheritdoc/>
    public void FlushAll()
    {
        foreach (IommuUnit unit in CountFlush())
        {
            unit.InvalidateDomain(this);
        }
    }

    /// <inheritdoc/>
    public void FreeTables(IotlbGather gather)
    {
        ArgumentNullException.ThrowIfNull(gather);
        if (gather.FreedTables.Count != 0)
        {
            _table.FreeTables(gather);
        }
    }

    /// <inheritdoc/>
    public bool TryTranslate(DmaAddress iova, out IommuTranslation translation) => _table.TryTranslate(iova, out translation);

    /// <inheritdoc/>
    public Errno SetDirtyTracking(bool isOn)
    {
        if (isOn != _table.TracksDirty)
        {
            // Leaves that were written through before tracking began are cached as needing no walk.
            _table.TracksDirty = isOn;
            FlushAll();
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno ReadDirty(DmaRange range, bool clear, IotlbGather gather, Action<DmaRange> dirty)
    {
        _table.ReadDirty(range, clear, gather, dirty);
        return Errno.None;
    }

    /// <summary>Frees the tables.</summary>
    /// <exception cref="PhysrException">A device is still attached: it would walk freed memory.</exception>
    public void Dispose()
    {
        if (Volatile.Read(ref _units).Length != 0)
        {
            throw new PhysrException("dispose IOMMU domain", string.Join(", ", Volatile.Read(ref _units).Select(static unit => unit.Name)), Errno.EBUSY, "devices are attached to it");
        }

        Volatile.Write(ref _isDisposed, true);
        _table.Dispose();
    }

    /// <summary>Whether its tables are gone: no device may be attached any more.</summary>
    internal bool IsDisposed => Volatile.Read(ref _isDisposed);

    /// <summary>Walks for a device.</summary>
    internal IommuFaultReason Walk(DmaAddress iova, bool isWrite, out IommuTranslation translation)
    {
        _table.TryAccess(iova, isWrite, out translation, out IommuFaultReason reason);
        return reason;
    }

    internal void Join(IommuUnit unit)
    {
        lock (_lock)
        {
            Volatile.Write(ref _units, [.. _units, unit]);
        }
    }

    internal void Leave(IommuUnit unit)
    {
        lock (_lock)
        {
            Volatile.Write(ref _units, [.. _units.Where(other => !ReferenceEquals(other, unit))]);
        }
    }

    /// <summary>Counts a flush and gives the units that may have cached what was just unmapped. A unit that joins later walks the tables as they are now; the increment is a full
    /// fence, which keeps the entry's store before this load, as the lock in <see cref="Join"/> keeps that store before the unit's first walk.</summary>
    private IommuUnit[] CountFlush()
    {
        Interlocked.Increment(ref _flushes);
        return Volatile.Read(ref _units);
    }
}
