// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing;

/// <summary>A reservation's lock, held by this thread until it is disposed; the default value holds nothing.</summary>
public ref struct DmaReservationHold
{
    private DmaReservation? _reservation;

    internal DmaReservationHold(DmaReservation reservation) => _reservation = reservation;

    /// <summary>Gives the lock back; a second call does nothing.</summary>
    public void Dispose()
    {
        _reservation?.Give();
        _reservation = null;
    }
}
