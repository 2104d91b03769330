// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mapping;

namespace Physr.Dma;

/// <content>The two-step form (<c>dma_iova_*</c>, row R64): what is linked where is kept by the page table; the ledger keeps whose a reservation is and how much of it is linked.</content>
public sealed partial class DmaMapper
{
    /// <inheritdoc/>
    public bool TryReserve(DmaDevice device, PhysicalAddress first, ulong length, out IovaReservation reservation)
    {
        ArgumentNullException.ThrowIfNull(device);
        reservation = default;
        if (device.Domain is not { } domain || length - 1 >= MappingRecord.MaxLength)
        {
            return false;
        }

        ulong inGranule = domain.Iova.Granule - 1;
        ulong offset = first.Value & inGranule;
        ulong size = (offset + length + inGranule) & ~inGranule;
        if (size / domain.Iova.Granule > uint.MaxValue || !TryAdmit())
        {
            return false;
        }

        DmaAddress start = default;
        MapperThread thread = MapperThread.Current;
        Errno errno = Passes("IO virtual addresses") ? domain.TryAllocateFor(thread.Number, size, device.Mask, out start) : Errno.ENOMEM;
        if (errno != Errno.None)
        {
            Leave();
            return false;
        }

        domain.Ledger.Open(start).Open(MappingKind.Reservation, device.Ordinal, offset, length);
        thread.Count(this, device, 1, (long)length);
        reservation = new(new(start.Value + offset), length);
        return true;
    }

    /// <inheritdoc/>
    public Errno Link(DmaDevice device, ref IovaReservation reservation, PhysicalRange range, ulong offset, DmaDirection direction, DmaAttributes attributes)
    {
        if (!TryFindPart(device, in reservation, offset, range.Length, out ReservedPart part) || !IsDirection(direction))
        {
            return Errno.EINVAL;
        }

        // Only the first range may begin within a granule, and then at the offset that the addresses were reserved for.
        ulong inFirst = range.Start.Value & (part.Granule - 1);
        if (inFirst != part.Skew || (offset != 0 && inFirst != 0))
        {
            return Errno.EIO;
        }

        if (Memory.HasNumberedPrivateMemory && Memory.TouchesPrivate(range))
        {
            return Errno.EFAULT;
        }

        Errno errno = MapRange(device, part.Domain, part.Start, range, direction, attributes, out EdgeSlots slots);
        if (errno != Errno.None)
        {
            return errno;
        }

        ref MappingRecord record = ref part.Domain.Ledger.Find(part.Base);
        record.Link(part.FirstGranule, part.GranuleCount);
        if (slots.Any)
        {
            record.MarkBounced();
            reservation.MarkBounced();
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno Sync(DmaDevice device, ref IovaReservation reservation, ulong offset, ulong length) =>
        TryFindPart(device, in reservation, offset, length, out ReservedPart part) && IsLinked(in part) ? Errno.None : Errno.EINVAL;

    /// <inheritdoc/>
    public Errno Unlink(DmaDevice device, ref IovaReservation reservation, ulong offset, ulong length, DmaDirection direction, DmaAttributes attributes)
    {
        if (!TryFindPart(device, in reservation, offset, length, out ReservedPart part) || !IsDirection(direction) || !IsLinked(in part))
        {
            return Errno.EINVAL;
        }

        if (offset != 0 && part.Skew != 0)
        {
            return Errno.EIO;
        }

        MapperThread thread = MapperThread.Current;
        ref MappingRecord record = ref part.Domain.Ledger.Find(part.Base);
        if (record.IsBounced)
        {
            NoteSlots(part.Domain, part.Start, part.Size, thread);
        }

        part.Domain.Unmap(part.Start, part.Size, thread.Gather);
        part.Domain.Sync(thread.Gather);
        ReleaseNotedSlots(thread, direction, attributes);
        record.Unlink(part.FirstGranule, part.GranuleCount);
        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno Destroy(DmaDevice device, ref IovaReservation reservation, ulong mappedLength, DmaDirection direction, DmaAttributes attributes)
    {
        if (mappedLength == 0)
        {
            return Free(device, ref reservation);
        }

        if (!TryFindPart(device, in reservation, 0, mappedLength, out ReservedPart part) || !IsDirection(direction))
        {
            return Errno.EINVAL;
        }

        // What stayed linked beyond it would outlive its addresses.
        ref MappingRecord record = ref part.Domain.Ledger.Find(part.Base);
        if (record.Extra != part.GranuleCount || !IsLinked(in part))
        {
            return Errno.EINVAL;
        }

        MapperThread thread = MapperThread.Current;
        bool isBounced = record.IsBounced;
        ulong total = Total(in reservation, in part);
        if (!record.TryClose(MappingKind.Reservation, device.Ordinal, part.BaseSkew, reservation.Length))
        {
            return Errno.EINVAL;
        }

        if (isBounced)
        {
            NoteSlots(part.Domain, part.Base, part.Size, thread);
        }

        EndRun(device, part.Domain, part.Base, part.Size, total, thread, direction, attributes);
        Undone(device, reservation.Length);
        reservation.Clear();
        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno Free(DmaDevice device, ref IovaReservation reservation)
    {
        if (!TryFindPart(device, in reservation, 0, reservation.Length, out ReservedPart part))
        {
            return Errno.EINVAL;
        }

        ref MappingRecord record = ref part.Domain.Ledger.Find(part.Base);
        if (record.Extra != 0)
        {
            return Errno.EBUSY;
        }

        if (!record.TryClose(MappingKind.Reservation, device.Ordinal, part.BaseSkew, reservation.Length))
        {
            return Errno.EINVAL;
        }

        // Whatever was linked was unlinked and flushed since.
        part.Domain.Iova.Free(part.Base, Total(in reservation, in part));
        Undone(device, reservation.Length);
        reservation.Clear();
        return Errno.None;
    }

    private static ulong Total(in IovaReservation reservation, in ReservedPart part) =>
        (part.BaseSkew + reservation.Length + part.Granule - 1) & ~(part.Granule - 1);

    /// <summary>Checks that a reservation is one of the device's, and a part of it within it.</summary>
    private static bool TryFindPart(DmaDevice device, in IovaReservation reservation, ulong offset, ulong length, out ReservedPart part)
    {
        ArgumentNullException.ThrowIfNull(device);
        part = default;
        if (device.Domain is not { } domain || !reservation.IsReserved || length == 0 || offset >= reservation.Length || length > reservation.Length - offset)
        {
            return false;
        }

        part = new(domain, reservation.Address, offset, length);
        return domain.Ledger.Find(part.Base).Is(MappingKind.Reservation, device.Ordinal, part.BaseSkew, reservation.Length);
    }

    /// <summary>Whether every granule of a part is linked: known by count where links came one after the other, else read from the page table.</summary>
    private static bool IsLinked(in ReservedPart part)
    {
        ref MappingRecord record = ref part.Domain.Ledger.Find(part.Base);
        if (!record.IsSparse)
        {
            return part.FirstGranule + (ulong)part.GranuleCount <= record.Extra;
        }

        ulong end = part.Start.Value + part.Size;
        for (ulong at = part.Start.Value; at < end;)
        {
            if (!part.Domain.Domain.TryTranslate(new(at), out PageTables.IommuTranslation found))
            {
                return false;
            }

            at += found.ContiguousAfter(new(at));
        }

        return true;
    }
}
