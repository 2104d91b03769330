// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <content>The two-step form.</content>
public sealed partial class DebuggedDmaMapper
{
    /// <inheritdoc/>
    public bool TryReserve(DmaDevice device, PhysicalAddress first, ulong length, out IovaReservation reservation)
    {
        bool isReserved = _mapper.TryReserve(device, first, length, out reservation);
        if (isReserved)
        {
            _debugger.OnReservation(new(DmaReservationStep.Reserve, device, reservation.Address, 0, reservation.Length));
        }

        return isReserved;
    }

    /// <inheritdoc/>
    public Errno Link(DmaDevice device, ref IovaReservation reservation, PhysicalRange range, ulong offset, DmaDirection direction, DmaAttributes attributes)
    {
        Errno errno = _mapper.Link(device, ref reservation, range, offset, direction, attributes);
        Tell(new(DmaReservationStep.Link, device, reservation.Address, offset, range.Length, range.Start, direction, attributes, errno == Errno.None));
        return errno;
    }

    /// <inheritdoc/>
    public Errno Sync(DmaDevice device, ref IovaReservation reservation, ulong offset, ulong length)
    {
        Errno errno = _mapper.Sync(device, ref reservation, offset, length);
        Tell(new(DmaReservationStep.Sync, device, reservation.Address, offset, length, IsDone: errno == Errno.None));
        return errno;
    }

    /// <inheritdoc/>
    public Errno Unlink(DmaDevice device, ref IovaReservation reservation, ulong offset, ulong length, DmaDirection direction, DmaAttributes attributes)
    {
        Errno errno = _mapper.Unlink(device, ref reservation, offset, length, direction, attributes);
        Tell(new(DmaReservationStep.Unlink, device, reservation.Address, offset, length, default, direction, attributes, errno == Errno.None));
        return errno;
    }

    /// <inheritdoc/>
    public Errno Destroy(DmaDevice device, ref IovaReservation reservation, ulong mappedLength, DmaDirection direction, DmaAttributes attributes)
    {
        DmaAddress address = reservation.Address;
        Tell(new(DmaReservationStep.Destroy, device, address, 0, mappedLength, default, direction, attributes));
        Errno errno = _mapper.Destroy(device, ref reservation, mappedLength, direction, attributes);
        Tell(new(DmaReservationStep.End, device, address, 0, 0, IsDone: errno == Errno.None));
        return errno;
    }

    /// <inheritdoc/>
    public Errno Free(DmaDevice device, ref IovaReservation reservation)
    {
        DmaAddress address = reservation.Address;
        Tell(new(DmaReservationStep.Free, device, address, 0, 0));
        Errno errno = _mapper.Free(device, ref reservation);
        Tell(new(DmaReservationStep.End, device, address, 0, 0, IsDone: errno == Errno.None));
        return errno;
    }

    private void Tell(in DmaReservationEvent change) => _debugger.OnReservation(change);
}
