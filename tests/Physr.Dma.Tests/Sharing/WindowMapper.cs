// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Tests.Sharing;

/// <summary>A mapper whose devices with a domain get windows and whose others get physical addresses; it knows what is out, and asks a gate before every step.</summary>
internal sealed class WindowMapper : IDmaMapper
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, (ulong Length, ulong Linked, bool IsSynced)> _windows = [];
    private readonly List<(DmaDevice Device, ulong Address, ulong Length)> _single = [];
    private ulong _next = 0x1_0000_0000;

    public IAllocationGate? Gate { get; set; }

    public HashSet<DmaDevice> Translated { get; } = [];

    public int Out
    {
        get
        {
            lock (_lock)
            {
                return _windows.Count + _single.Count;
            }
        }
    }

    public int Syncs { get; private set; }

    public bool TryReserve(DmaDevice device, PhysicalAddress first, ulong length, out IovaReservation reservation)
    {
        reservation = default;
        lock (_lock)
        {
            if (!Translated.Contains(device) || Gate?.TryPass("iova") == false)
            {
                return false;
            }

            reservation = new(new(_next), length);
            _windows.Add(_next, (length, 0, false));
            _next += Alignment.Up(length, PageSize.Size1G);
            return true;
        }
    }

    public Errno Link(DmaDevice device, ref IovaReservation reservation, PhysicalRange range, ulong offset, DmaDirection direction, DmaAttributes attributes)
    {
        lock (_lock)
        {
            Assert.Equal(DmaAttributes.Mmio, attributes);
            (ulong length, ulong linked, _) = _windows[reservation.Address.Value];
            Assert.Equal(linked, offset);
            Assert.True(offset + range.Length <= length);
            if (Gate?.TryPass("link") == false)
            {
                return Errno.ENOMEM;
            }

            _windows[reservation.Address.Value] = (length, linked + range.Length, false);
            return Errno.None;
        }
    }

    public Errno Sync(DmaDevice device, ref IovaReservation reservation, ulong offset, ulong length)
    {
        lock (_lock)
        {
            if (Gate?.TryPass("sync") == false)
            {
                return Errno.ENOMEM;
            }

            Syncs++;
            _windows[reservation.Address.Value] = _windows[reservation.Address.Value] with { IsSynced = true };
            return Errno.None;
        }
    }

    public Errno Destroy(DmaDevice device, ref IovaReservation reservation, ulong mappedLength, DmaDirection direction, DmaAttributes attributes)
    {
        lock (_lock)
        {
            Assert.True(_windows.Remove(reservation.Address.Value, out (ulong Length, ulong Linked, bool IsSynced) window));
            Assert.Equal(window.Linked, mappedLength);
            reservation = default;
            return Errno.None;
        }
    }

    public Errno Free(DmaDevice device, ref IovaReservation reservation)
    {
        lock (_lock)
        {
            Assert.True(_windows.Remove(reservation.Address.Value, out (ulong Length, ulong Linked, bool IsSynced) window));
            Assert.Equal(0UL, window.Linked);
            reservation = default;
            return Errno.None;
        }
    }

    public DmaMapError? TryMapPhys(DmaDevice device, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, out DmaAddress address)
    {
        lock (_lock)
        {
            Assert.Equal(DmaAttributes.Mmio, attributes);
            address = DmaAddress.MappingError;
            if (Gate?.TryPass("map phys") == false)
            {
                return new(Errno.ENOMEM, "no slot");
            }

            address = new(range.Start.Value);
            _single.Add((device, address.Value, range.Length));
            return null;
        }
    }

    public Errno UnmapPhys(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction, DmaAttributes attributes)
    {
        lock (_lock)
        {
            return _single.Remove((device, address.Value, length)) ? Errno.None : Errno.EINVAL;
        }
    }

    public bool TryMap(DmaDevice device, RangeList memory, DmaDirection direction, DmaAttributes attributes, out DmaMapping? mapping, out DmaMapError? error) =>
        throw new NotSupportedException();

    public bool IsMappingError(DmaDevice device, DmaAddress address) => address == DmaAddress.MappingError;

    public Errno SyncForCpu(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction) => throw new NotSupportedException();

    public Errno SyncForDevice(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction) => throw new NotSupportedException();

    public Errno Unlink(DmaDevice device, ref IovaReservation reservation, ulong offset, ulong length, DmaDirection direction, DmaAttributes attributes) =>
        throw new NotSupportedException();

    public DmaMapError? TryAllocateCoherent(DmaDevice device, ulong length, DmaAttributes attributes, out CoherentMemory? memory) => throw new NotSupportedException();
}
