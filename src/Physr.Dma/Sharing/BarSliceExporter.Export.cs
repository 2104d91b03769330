// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;
using Physr.Memory;

namespace Physr.Dma.Sharing;

/// <content>Lending.</content>
public sealed partial class BarSliceExporter
{
    /// <summary>The first region that is no BAR (<c>VFIO_PCI_ROM_REGION_INDEX</c>).</summary>
    public const int RomRegionIndex = 6;

    /// <summary>Lengths with this bit set are refused: a reservation of IO virtual addresses keeps it for itself (<see cref="IovaReservation"/>).</summary>
    private const ulong ReservationBit = 1UL << 63;

    /// <summary>Lends slices of a BAR as one buffer. Created revoked where the device does not decode memory (row R69d).</summary>
    /// <param name="regionIndex">Which BAR, below <see cref="RomRegionIndex"/>.</param>
    /// <param name="flags">Must be 0.</param>
    /// <param name="slices">The slices, in the order that importers see; at least one. They may be any distance apart, and several buffers may share pages' neighbours: two
    /// 4 KiB BARs in the same 2 MiB are both lent (row R44a).</param>
    /// <param name="buffer">The buffer, to be released; null on failure.</param>
    /// <returns><see cref="Errno.EINVAL"/> for a region that is no BAR, flags, no slices, a slice that is empty, not of whole pages or beyond the BAR, and lengths whose sum does
    /// not fit in 63 bits; <see cref="Errno.EOVERFLOW"/> where an offset and a length do not fit in 64 bits; <see cref="Errno.ENODEV"/> for a BAR that is not claimed and once the
    /// device is gone; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryExport(int regionIndex, uint flags, ReadOnlySpan<BarSlice> slices, out DmaBuf? buffer)
    {
        buffer = null;
        if (regionIndex is < 0 or >= RomRegionIndex || flags != 0 || slices.IsEmpty)
        {
            return Errno.EINVAL;
        }

        if (!Passes("dma-buf slices"))
        {
            return Errno.ENOMEM;
        }

        // Judged and used as one copy: whoever asked may write to its own at any time.
        BarSlice[] asked = slices.ToArray();
        Errno errno = Check(asked);
        if (errno != Errno.None)
        {
            return errno;
        }

        using Lock.Scope control = EnterControl("export dma-buf");
        P2PProvider? provider = _isRemoved ? null : Device.Provider(regionIndex);
        if (provider is null || !provider.IsLive)
        {
            return Errno.ENODEV;
        }

        errno = Locate(provider, asked, out PhysicalRange[] ranges);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (!Passes("dma-buf"))
        {
            return Errno.ENOMEM;
        }

        DmaBuf made = new($"{Device.Owner} BAR {regionIndex} dma-buf {++_lastNumber}", provider, ranges, _mapper, _routes, _options.Buffers, _control)
        {
            HasPrivateInterconnect = true,
            Released = Forget,
            State = new(_isMemoryEnabled ? RevocablePhase.Usable : RevocablePhase.Revoked, IsClosed: false, Mappings: 0),
        };
        lock (_listLock)
        {
            _buffers.Add(made);
        }

        buffer = made;
        return Errno.None;
    }

    private static Errno Check(BarSlice[] slices)
    {
        ulong sum = 0;
        foreach (BarSlice slice in slices)
        {
            bool isOfPages = Alignment.IsAligned(slice.Offset, PageSize.Size4K) && Alignment.IsAligned(slice.Length, PageSize.Size4K);
            ulong longer = unchecked(sum + slice.Length);
            if (!isOfPages || slice.Length == 0 || longer < sum)
            {
                return Errno.EINVAL;
            }

            sum = longer;
        }

        return (sum & ReservationBit) != 0 ? Errno.EINVAL : Errno.None;
    }

    private static Errno Locate(P2PProvider provider, BarSlice[] slices, out PhysicalRange[] ranges)
    {
        ranges = new PhysicalRange[slices.Length];
        for (int i = 0; i < slices.Length; i++)
        {
            BarSlice slice = slices[i];
            ulong end = unchecked(slice.Offset + slice.Length);
            if (end < slice.Offset)
            {
                return Errno.EOVERFLOW;
            }

            if (end > provider.Range.Length)
            {
                return Errno.EINVAL;
            }

            ranges[i] = provider.Range.Slice(slice.Offset, slice.Length);
            if (!ranges[i].Start.IsAligned(PageSize.Size4K))
            {
                // A BAR smaller than a page may start anywhere; its page is shared with others, and is not lent.
                return Errno.EINVAL;
            }
        }

        return Errno.None;
    }

    private bool Passes(string site) => _options.Buffers.AllocationGate?.TryPass(site) != false;
}
