// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>Told of everything that a debugger is fed, in the debugger's order and under its lock: it must be quick and must not call back.</summary>
public interface IDmaDebugRecorder
{
    /// <summary>What is known of a device, before its first event.</summary>
    void DeviceSeen(DmaDevice device);

    /// <summary>A driver was bound.</summary>
    void DriverBound(DmaDevice device, string driver);

    /// <summary>A driver was unbound.</summary>
    void DriverUnbound(DmaDevice device);

    /// <summary>What memory is about to be mapped, where that is looked at.</summary>
    void MemoryClassified(PhysicalRange range, DmaMemoryKinds kinds);

    /// <summary>Something but a list was mapped or allocated.</summary>
    void Mapped(in DmaDebugMapping mapping, ulong cpuAddress);

    /// <summary>Something but a list was unmapped or freed.</summary>
    void Unmapped(DmaDevice device, DmaMapKind kind, DmaAddress address, ulong length, DmaDirection direction, DmaAttributes? attributes, ulong cpuAddress);

    /// <summary>The mapper refused the last unmap of an address: it still holds.</summary>
    void UnmapRefused(DmaDevice device, DmaAddress address);

    /// <summary>A list was mapped.</summary>
    void ListMapped(in DmaDebugList list);

    /// <summary>A list was unmapped.</summary>
    void ListUnmapped(DmaDevice device, ReadOnlySpan<PhysicalAddress> memory, DmaDirection direction, DmaAttributes? attributes);

    /// <summary>A driver asked whether a map had failed.</summary>
    void MappingErrorChecked(DmaDevice device, DmaAddress address);

    /// <summary>One range was synchronized.</summary>
    void Synced(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction, bool isForCpu);

    /// <summary>A list was synchronized.</summary>
    void ListSynced(DmaDevice device, ReadOnlySpan<DmaRange> segments, DmaDirection direction, bool isForCpu);

    /// <summary>A device read or wrote.</summary>
    void Accessed(DmaDevice device, DmaRange range, bool isWrite);

    /// <summary>An exporter took back what was mapped there.</summary>
    void Revoked(DmaDevice device, DmaRange range);

    /// <summary>A part of a reservation was linked, synchronized or unlinked, or the whole ended.</summary>
    void ReservationChanged(in DmaReservationEvent change);
}
