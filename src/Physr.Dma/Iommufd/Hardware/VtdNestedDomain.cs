// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.PageTables;

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>A guest's first-stage page table on Intel VT-d over a paging domain: each table and each page lies at a guest-physical address, which the second stage translates
/// (<c>IOMMU_HWPT_DATA_VTD_S1</c>). Thread-safe.</summary>
/// <remarks>What is cached is the first stage alone: a page that the guest changed is seen after it invalidates, as on the hardware, while what the host takes away below is gone at
/// once, because the second stage is asked on every access.</remarks>
public sealed partial class VtdNestedDomain : INestedDomain
{
    /// <summary>The kind of its data (<c>enum iommu_hwpt_data_type</c>).</summary>
    public const uint DataType = 1;

    /// <summary>The kind of its invalidations (<c>enum iommu_hwpt_invalidate_data_type</c>).</summary>
    public const uint InvalidationType = 0;

    /// <summary>Pages of the first stage remembered; beyond it all are forgotten and the cache begins anew.</summary>
    private const int CacheCapacity = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, VtdStage1Leaf> _cache = [];
    private readonly IHostMemory _memory;
    private readonly ulong _table;
    private readonly int _levels;
    private readonly VtdStage1Flags _flags;

    private VtdNestedDomain(IIommuDomain parent, IHostMemory memory, in IommuHwptVtdS1 data)
    {
        Parent = parent;
        _memory = memory;
        _table = data.TableAddress;
        _flags = (VtdStage1Flags)data.Flags;
        _levels = data.AddressWidth == 57 ? 5 : 4;
    }

    /// <inheritdoc/>
    public IIommuDomain Parent { get; }

    /// <inheritdoc/>
    public bool OwnsPasids => false;

    /// <inheritdoc/>
    public ulong PageSizes => (1UL << 12) | (1UL << 21) | (1UL << 30);

    /// <summary>The lower half of the addresses it can translate; the upper half is their sign extension.</summary>
    public DmaRange Aperture => new(new(0), 1UL << (AddressBits - 1));

    /// <inheritdoc/>
    public bool SupportsDirtyTracking => false;

    /// <summary>Pages of the first stage that are remembered now.</summary>
    public int CachedPages
    {
        get
        {
            lock (_lock)
            {
                return _cache.Count;
            }
        }
    }

    private int AddressBits => VtdStage1Entry.ShiftOf(_levels + 1);

    /// <summary>Makes one of a user's data.</summary>
    /// <param name="parent">The second stage.</param>
    /// <param name="memory">Where its tables lie in the end.</param>
    /// <param name="dataType">What the data are said to be.</param>
    /// <param name="data">A <see cref="IommuHwptVtdS1"/>.</param>
    /// <param name="domain">The domain.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for another kind of data, an unknown flag or a reserved word in use; <see cref="Errno.EINVAL"/> for too few bytes, a width other
    /// than 48 or 57, an unaligned table; <see cref="Errno.E2BIG"/> for something unknown behind them.</returns>
    public static Errno TryCreate(IIommuDomain parent, IHostMemory memory, uint dataType, ReadOnlySpan<byte> data, out VtdNestedDomain? domain)
    {
        ArgumentNullException.ThrowIfNull(parent);
        ArgumentNullException.ThrowIfNull(memory);
        domain = null;
        const VtdStage1Flags Known = VtdStage1Flags.SupervisorRequests | VtdStage1Flags.ExtendedAccessed | VtdStage1Flags.WriteProtect;
        if (dataType != DataType)
        {
            return Errno.EOPNOTSUPP;
        }

        Errno errno = StructBytes.TryRead(data, out IommuHwptVtdS1 stage);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (((VtdStage1Flags)stage.Flags & ~Known) != VtdStage1Flags.None || stage.Reserved != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        if (stage.AddressWidth is not (48 or 57) || (stage.TableAddress & ~VtdStage1Entry.AddressMask) != 0)
        {
            return Errno.EINVAL;
        }

        domain = new(parent, memory, in stage);
        return Errno.None;
    }

    /// <summary>Refused: the guest writes the first stage.</summary>
    /// <returns><see cref="Errno.EOPNOTSUPP"/>.</returns>
    public Errno Map(DmaAddress iova, PhysicalAddress physical, ulong length, IommuAccess access) => Errno.EOPNOTSUPP;

    /// <summary>Unmaps nothing: the guest writes the first stage.</summary>
    public ulong Unmap(DmaAddress iova, ulong length, IotlbGather gather) => 0;

    /// <inheritdoc/>
    public void Sync(IotlbGather gather)
    {
    }

    /// <inheritdoc/>
    public void FlushAll()
    {
        lock (_lock)
        {
            _cache.Clear();
        }
    }

    /// <inheritdoc/>
    public Errno SetDirtyTracking(bool isOn) => Errno.EOPNOTSUPP;

    /// <inheritdoc/>
    public Errno ReadDirty(DmaRange range, bool clear, IotlbGather gather, Action<DmaRange> dirty) => Errno.EOPNOTSUPP;
}
