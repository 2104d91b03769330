// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>One mapping, in the table of the debugger: a hash chain for look-ups by address, and a node of its device's tree for look-ups by range.</summary>
internal struct DmaDebugEntry
{
    /// <summary>The physical address where it is not known.</summary>
    public const ulong NoMemory = ulong.MaxValue;

    public DmaDebugDevice Device;
    public ulong Start;
    public ulong Size;
    public ulong Memory;

    /// <summary>The CPU's address of a coherent buffer; the first address of a link's reservation.</summary>
    public ulong CpuAddress;

    /// <summary>The number of the event that made it: unique but for the segments of a list, which differ in <see cref="Start"/> or in <see cref="Part"/>.</summary>
    public long Event;
    public int Part;

    /// <summary>Entries of the list, as the CPU counts them; 0 for what is no list.</summary>
    public int ListEntries;

    /// <summary>Segments of the list that are known.</summary>
    public int ListSegments;

    /// <summary>The first segment of the list, itself for that one; 0 for what is no list.</summary>
    public int ListFirst;

    /// <summary>The next segment of the list; 0 for the last one.</summary>
    public int ListNext;
    public DmaAttributes Attributes;
    public DmaMapKind Kind;
    public DmaDebugEntryFlags Flags;
    public DmaDirection Direction;

    public int HashNext;
    public int MemoryNext;
    public int Left;
    public int Right;
    public uint Priority;
    public ulong MaxEnd;

    public readonly ulong End => Start + Size;

    public readonly bool Is(DmaDebugEntryFlags flag) => (Flags & flag) != DmaDebugEntryFlags.None;

    public readonly DmaDebugMapping Snapshot() => new(
        Device.Device, Kind, new(new(Start), Size), Memory == NoMemory ? null : new PhysicalAddress(Memory), Direction, Attributes, ListEntries, Event);
}
