// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma;

/// <summary>The DMA API (section 1.6, rows R64 to R66): what a driver calls to let a device reach memory. Implemented by <see cref="DmaMapper"/> and by what wears it, the debugger.</summary>
/// <remarks>Three forms: <see cref="TryMap"/> takes a list whole; the streaming form takes one physical range and is undone by address; the two-step form reserves addresses
/// once and links ranges into them. Thread-safe; one reservation belongs to one thread at a time.</remarks>
public interface IDmaMapper
{
    /// <summary>Maps a list whole or not at all (<c>dma_map_sg</c> for ranges); mixed lists of RAM and several providers are allowed (row R53d).</summary>
    /// <param name="device">Who will reach the bytes.</param>
    /// <param name="memory">The bytes; not empty.</param>
    /// <param name="direction">Which way they may go.</param>
    /// <param name="attributes">What else is known of them.</param>
    /// <param name="mapping">The mapping, to be disposed; null on failure.</param>
    /// <param name="error">Why not; null on success.</param>
    /// <returns>Whether the whole list is mapped; otherwise nothing is.</returns>
    bool TryMap(DmaDevice device, RangeList memory, DmaDirection direction, DmaAttributes attributes, out DmaMapping? mapping, out DmaMapError? error);

    /// <summary>Maps one physical range (<c>dma_map_phys</c>). Peer memory says so with <see cref="DmaAttributes.Mmio"/>.</summary>
    /// <param name="device">Who will reach the bytes.</param>
    /// <param name="range">The bytes; not empty.</param>
    /// <param name="direction">Which way they may go.</param>
    /// <param name="attributes">What else is known of them.</param>
    /// <param name="address">Where the device finds them; <see cref="DmaAddress.MappingError"/> on failure (row R66c).</param>
    /// <returns>Null on success; why not otherwise.</returns>
    DmaMapError? TryMapPhys(DmaDevice device, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, out DmaAddress address);

    /// <summary>Undoes <see cref="TryMapPhys"/> (<c>dma_unmap_phys</c>): the arguments are those of the map.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for an address or length that was not mapped so; nothing is changed then.</returns>
    Errno UnmapPhys(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction, DmaAttributes attributes);

    /// <summary>Whether an address is the error value (<c>dma_mapping_error</c>); a driver asks after every streaming map.</summary>
    bool IsMappingError(DmaDevice device, DmaAddress address);

    /// <summary>Makes what the device wrote visible to the CPU, between a map and its unmap.</summary>
    Errno SyncForCpu(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction);

    /// <summary>Makes what the CPU wrote visible to the device.</summary>
    Errno SyncForDevice(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction);

    /// <summary>Reserves addresses for a transfer that begins at a physical address (<c>dma_iova_try_alloc</c>).</summary>
    /// <param name="device">Whose addresses.</param>
    /// <param name="first">The first physical address: its offset within a granule is kept.</param>
    /// <param name="length">Bytes in all; 0 or bit 63 set is refused.</param>
    /// <param name="reservation">The reservation; not reserved on failure.</param>
    /// <returns>False where the device has no IOMMU or no addresses are left: use the streaming form (row R64a).</returns>
    bool TryReserve(DmaDevice device, PhysicalAddress first, ulong length, out IovaReservation reservation);

    /// <summary>Links a range into a reservation (<c>dma_iova_link</c>); no IOTLB work is done before <see cref="Sync"/>.</summary>
    /// <param name="device">Whose reservation.</param>
    /// <param name="reservation">The reservation.</param>
    /// <param name="range">The bytes.</param>
    /// <param name="offset">Where in the reservation, in bytes: 0 or such that the address is granule-aligned.</param>
    /// <param name="direction">Which way they may go.</param>
    /// <param name="attributes">What else is known of them.</param>
    /// <returns><see cref="Errno.EIO"/> for a misaligned link, <see cref="Errno.EPERM"/> where a bounce slot would be needed and may not be used (row R65b).</returns>
    Errno Link(DmaDevice device, ref IovaReservation reservation, PhysicalRange range, ulong offset, DmaDirection direction, DmaAttributes attributes);

    /// <summary>Makes linked bytes usable, once for any number of links (<c>dma_iova_sync</c>).</summary>
    Errno Sync(DmaDevice device, ref IovaReservation reservation, ulong offset, ulong length);

    /// <summary>Takes a linked part back out and keeps the addresses reserved (<c>dma_iova_unlink</c>, row R64d).</summary>
    Errno Unlink(DmaDevice device, ref IovaReservation reservation, ulong offset, ulong length, DmaDirection direction, DmaAttributes attributes);

    /// <summary>Takes the first <paramref name="mappedLength"/> bytes out and gives the addresses back in one go (<c>dma_iova_destroy</c>, row R64e).</summary>
    Errno Destroy(DmaDevice device, ref IovaReservation reservation, ulong mappedLength, DmaDirection direction, DmaAttributes attributes);

    /// <summary>Gives back addresses into which nothing is linked (<c>dma_iova_free</c>).</summary>
    Errno Free(DmaDevice device, ref IovaReservation reservation);

    /// <summary>Takes zeroed RAM that device and CPU both see at once (<c>dma_alloc_coherent</c>).</summary>
    /// <param name="device">Who will reach it.</param>
    /// <param name="length">Bytes; rounded up to 4 KiB.</param>
    /// <param name="attributes">What else is wanted.</param>
    /// <param name="memory">The memory, to be disposed; null on failure.</param>
    /// <returns>Null on success; why not otherwise.</returns>
    DmaMapError? TryAllocateCoherent(DmaDevice device, ulong length, DmaAttributes attributes, out CoherentMemory? memory);
}
