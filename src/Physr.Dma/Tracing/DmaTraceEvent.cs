// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;

namespace Physr.Dma.Tracing;

/// <summary>One event of a trace, as read. The object is used again for the next line.</summary>
public sealed class DmaTraceEvent
{
    private DmaAddress[] _addresses = new DmaAddress[16];
    private ulong[] _sizes = new ulong[16];
    private PhysicalAddress[] _memories = new PhysicalAddress[16];
    private int _addressCount;
    private int _sizeCount;
    private int _memoryCount;

    /// <summary>What it is.</summary>
    public DmaTraceEventKind Kind { get; internal set; }

    /// <summary>Whose.</summary>
    public DmaDevice Device { get; internal set; } = null!;

    /// <summary>When, in nanoseconds; negative where the line does not say it in seconds.</summary>
    public long Time { get; internal set; }

    /// <summary>Which way the bytes go.</summary>
    public DmaDirection Direction { get; internal set; }

    /// <summary>The first byte, as the device counts.</summary>
    public DmaAddress Address { get; internal set; }

    /// <summary>Bytes.</summary>
    public ulong Size { get; internal set; }

    /// <summary>The first byte in memory; null where the event does not say it.</summary>
    public PhysicalAddress? Memory { get; internal set; }

    /// <summary>What else was said; null where the event says nothing of it.</summary>
    public DmaAttributes? Attributes { get; internal set; }

    /// <summary>Where the CPU finds a coherent buffer; 0 where that cannot be compared.</summary>
    public ulong CpuAddress { get; internal set; }

    /// <summary>Whether an allocation failed.</summary>
    public bool IsNull { get; internal set; }

    /// <summary>Entries of a list in all; 0 for those shown.</summary>
    public int AllEntries { get; internal set; }

    /// <summary>Whether the segments of a list are cut to the device's limits.</summary>
    public bool AreCut { get; internal set; }

    /// <summary>The driver that was bound.</summary>
    public string Driver { get; internal set; } = "";

    /// <summary>What memory is.</summary>
    public DmaMemoryKinds Kinds { get; internal set; }

    /// <summary>Whether a device wrote.</summary>
    public bool IsWrite { get; internal set; }

    /// <summary>The step of two-step mapping.</summary>
    public DmaReservationStep Step { get; internal set; }

    /// <summary>Where in a reservation, in bytes.</summary>
    public ulong Offset { get; internal set; }

    /// <summary>Whether the step went through.</summary>
    public bool IsDone { get; internal set; }

    /// <summary>The highest address of a device.</summary>
    public ulong Mask { get; internal set; }

    /// <summary>What a device takes as a segment.</summary>
    public SegmentLimits Limits { get; internal set; }

    /// <summary>The first addresses of the segments of a list.</summary>
    public ReadOnlySpan<DmaAddress> Addresses => _addresses.AsSpan(0, _addressCount);

    /// <summary>Their sizes, as many.</summary>
    public ReadOnlySpan<ulong> Sizes => _sizes.AsSpan(0, _sizeCount);

    /// <summary>Where the entries of a list begin in memory.</summary>
    public ReadOnlySpan<PhysicalAddress> Memories => _memories.AsSpan(0, _memoryCount);

    internal void Clear(DmaTraceEventKind kind)
    {
        Kind = kind;
        Direction = DmaDirection.Bidirectional;
        Address = default;
        Size = 0;
        Memory = null;
        Attributes = null;
        CpuAddress = 0;
        IsNull = false;
        AllEntries = 0;
        AreCut = true;
        Driver = "";
        Kinds = DmaMemoryKinds.Unknown;
        IsWrite = false;
        Step = DmaReservationStep.Reserve;
        Offset = 0;
        IsDone = true;
        Mask = ulong.MaxValue;
        Limits = default;
        _addressCount = 0;
        _sizeCount = 0;
        _memoryCount = 0;
    }

    internal void AddAddress(ulong value) => Add(ref _addresses, ref _addressCount, new(value));

    internal void AddSize(ulong value) => Add(ref _sizes, ref _sizeCount, value);

    internal void AddMemory(ulong value) => Add(ref _memories, ref _memoryCount, new(value));

    private static void Add<T>(ref T[] array, ref int count, T value)
    {
        if (count == array.Length)
        {
            Array.Resize(ref array, 2 * count);
        }

        array[count++] = value;
    }
}
