// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma;

/// <content>The streaming and the two-step form.</content>
public sealed partial class DmaMapper
{
    /// <inheritdoc/>
    public bool TryMap(DmaDevice device, RangeList memory, DmaDirection direction, DmaAttributes attributes, out DmaMapping? mapping, out DmaMapError? error) =>
        TryMap(device, memory, direction, out mapping, out error);

    /// <inheritdoc/>
    public DmaMapError? TryMapPhys(DmaDevice device, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, out DmaAddress address)
    {
        address = new(range.Start.Value);
        return null;
    }

    /// <inheritdoc/>
    public Errno UnmapPhys(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction, DmaAttributes attributes) => Errno.None;

    /// <inheritdoc/>
    public bool IsMappingError(DmaDevice device, DmaAddress address) => address == DmaAddress.MappingError;

    /// <inheritdoc/>
    public Errno SyncForCpu(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction) => Errno.None;

    /// <inheritdoc/>
    public Errno SyncForDevice(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction) => Errno.None;

    /// <inheritdoc/>
    public bool TryReserve(DmaDevice device, PhysicalAddress first, ulong length, out IovaReservation reservation)
    {
        reservation = default;
        return false;
    }

    /// <inheritdoc/>
    public Errno Link(DmaDevice device, ref IovaReservation reservation, PhysicalRange range, ulong offset, DmaDirection direction, DmaAttributes attributes) => Errno.EOPNOTSUPP;

    /// <inheritdoc/>
    public Errno Sync(DmaDevice device, ref IovaReservation reservation, ulong offset, ulong length) => Errno.EOPNOTSUPP;

    /// <inheritdoc/>
    public Errno Unlink(DmaDevice device, ref IovaReservation reservation, ulong offset, ulong length, DmaDirection direction, DmaAttributes attributes) => Errno.EOPNOTSUPP;

    /// <inheritdoc/>
    public Errno Destroy(DmaDevice device, ref IovaReservation reservation, ulong mappedLength, DmaDirection direction, DmaAttributes attributes) => Errno.EOPNOTSUPP;

    /// <inheritdoc/>
    public Errno Free(DmaDevice device, ref IovaReservation reservation) => Errno.EOPNOTSUPP;

    /// <inheritdoc/>
    public DmaMapError? TryAllocateCoherent(DmaDevice device, ulong length, DmaAttributes attributes, out CoherentMemory? memory)
    {
        memory = null;
        return new(Errno.EOPNOTSUPP, "no host memory");
    }
}
