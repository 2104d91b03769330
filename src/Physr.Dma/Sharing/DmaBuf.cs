// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;
using Physr.Memory;

namespace Physr.Dma.Sharing;

/// <summary>Memory of one provider, in 4 KiB granules, that its owner lends to importers and can take back at any time (the kernel's <c>dma_buf</c> of a VFIO device,
/// section 1.7, rows R44, R68, R69). No page descriptor is made for it.</summary>
/// <remarks>Thread-safe. Locks, in this order: the device's control lock (held by <see cref="Revoke"/>, <see cref="Unrevoke"/> and <see cref="Close"/>), the reservation's,
/// an importer's own. After <see cref="Revoke"/> returned no importer has a mapping, no transfer is in flight and no IOMMU remembers an address, until <see cref="Unrevoke"/>.</remarks>
public sealed partial class DmaBuf
{
    private readonly DmaBufOptions _options;
    private readonly PhysicalRange[] _ranges;
    private long _references = 1;

    /// <summary>Makes a buffer of an exporter's own; VFIO devices have <see cref="BarSliceExporter"/>.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="provider">Whose memory.</param>
    /// <param name="ranges">Which bytes, in the order that importers see: whole 4 KiB pages of the provider, at least one.</param>
    /// <param name="mapper">Maps for importers' devices.</param>
    /// <param name="routes">Says how those reach the provider.</param>
    /// <param name="options">Choices; null is none.</param>
    /// <exception cref="ArgumentException">A range is empty, not of whole pages or not in the provider, or there is none.</exception>
    public DmaBuf(string name, P2PProvider provider, ReadOnlySpan<PhysicalRange> ranges, IDmaMapper mapper, IP2PRoutes routes, DmaBufOptions? options = null)
        : this(name, provider, ranges.ToArray(), mapper, routes, options ?? new(), new Lock())
    {
        foreach (PhysicalRange range in ranges)
        {
            if (range.IsEmpty || !provider.Range.Contains(range) || !range.Start.IsAligned(PageSize.Size4K) || !Alignment.IsAligned(range.Length, PageSize.Size4K))
            {
                throw new ArgumentException($"{range} is not of whole pages of {provider}.", nameof(ranges));
            }
        }

        ArgumentOutOfRangeException.ThrowIfZero(ranges.Length, nameof(ranges));
    }

    internal DmaBuf(string name, P2PProvider provider, PhysicalRange[] ranges, IDmaMapper mapper, IP2PRoutes routes, DmaBufOptions options, Lock control)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(mapper);
        ArgumentNullException.ThrowIfNull(routes);
        Name = name;
        Provider = provider;
        Mapper = mapper;
        Routes = routes;
        _ranges = ranges;
        _options = options;
        _control = control;
        foreach (PhysicalRange range in ranges)
        {
            Length = checked(Length + range.Length);
        }

        Reservation = new(name, options.AllocationGate);
        if (options.Observer is not null)
        {
            Reservation.Observer = step => Trace(RevocableOperation.None, step);
        }
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>Whose memory it is.</summary>
    public P2PProvider Provider { get; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; }

    /// <summary>How many ranges it is made of.</summary>
    public int RangeCount => _ranges.Length;

    /// <summary>Its lock and the fences of transfers that reach it.</summary>
    public DmaReservation Reservation { get; }

    /// <summary>References not given back: the maker's, and one of each attachment.</summary>
    public long References => Interlocked.Read(ref _references);

    /// <summary>Whether importers are kept from mapping it.</summary>
    public bool IsRevoked => State.Phase != RevocablePhase.Usable;

    /// <summary>Whether its device let go of it.</summary>
    public bool IsClosed => State.IsClosed;

    /// <summary>Mappings not given back, over all importers.</summary>
    public int ActiveMappings => State.Mappings;

    internal IDmaMapper Mapper { get; }

    internal IP2PRoutes Routes { get; }

    internal ReadOnlySpan<PhysicalRange> Ranges => _ranges;

    internal DmaBufOptions Options => _options;

    /// <summary>Whether an I/O address space may have its physical addresses (the private interconnect, section 1.7).</summary>
    internal bool HasPrivateInterconnect { get; init; }

    /// <summary>Told when the last reference went.</summary>
    internal Action<DmaBuf>? Released { get; init; }

    /// <summary>Takes a reference.</summary>
    /// <exception cref="PhysrException">The last one went before: the buffer is gone.</exception>
    public void AddReference()
    {
        long references = Interlocked.Read(ref _references);
        while (references != 0)
        {
            long seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references)
            {
                return;
            }

            references = seen;
        }

        throw new PhysrException("reference dma-buf", Name, Errno.EINVAL, "its last reference is gone");
    }

    /// <summary>Gives a reference back; the exporter forgets the buffer with the last one (<c>dma_buf_put</c>).</summary>
    /// <exception cref="PhysrException">None was taken.</exception>
    public void Release()
    {
        long left = Interlocked.Decrement(ref _references);
        if (left < 0)
        {
            Interlocked.Increment(ref _references);
            throw new PhysrException("release dma-buf", Name, Errno.EINVAL, "released more often than referenced");
        }

        if (left == 0)
        {
            Released?.Invoke(this);
        }
    }

    /// <summary>The name, the size and the state.</summary>
    public override string ToString() => $"{Name} ({_ranges.Length} ranges, 0x{Length:x} bytes, {State})";
}
