// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>An immutable list of ranges as one device addresses them: the result of mapping a <see cref="RangeList"/>. Its type keeps CPU and device
/// addresses apart at compile time (row R61a).</summary>
public sealed partial class DmaRangeList
{
    internal const uint BusAddressTag = 1;
    internal const uint InterconnectTag = 2;

    private readonly PackedRuns _runs;
    private readonly bool _isIdentity;

    internal DmaRangeList(PackedRuns runs, bool isIdentity)
    {
        _runs = runs;
        _isIdentity = isIdentity;
    }

    /// <summary>The list without bytes.</summary>
    public static DmaRangeList Empty { get; } = new(PackedRuns.Empty, isIdentity: false);

    /// <summary>Total bytes.</summary>
    public ulong Length => _runs.Length;

    /// <summary>Number of entries; an identity view has its CPU list's.</summary>
    public int EntryCount => _runs.EntryCount;

    /// <summary>Bytes of memory that the entries take; an identity view shares its CPU list's.</summary>
    public ulong PackedBytes => _runs.PackedBytes;

    /// <summary>Whether the list holds no byte.</summary>
    public bool IsEmpty => _runs.Length == 0;

    internal PackedRuns Runs => _runs;

    /// <summary>The same numbers as DMA addresses, for a device whose bus sees physical addresses (no IOMMU): shares the entries, copies nothing (row R61b).</summary>
    public static DmaRangeList Identity(RangeList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        return new(list.Runs, isIdentity: true);
    }

    /// <summary>Reads the entries in order, allocating nothing.</summary>
    public Enumerator GetEnumerator() => new(new RunCursor(_runs), _isIdentity);

    /// <summary>The entry at byte <paramref name="offset"/>, from that byte to the end of its run.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> is not a byte of the list.</exception>
    public DmaEntry Seek(ulong offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, Length);
        RunCursor cursor = new(_runs, offset, Length - offset);
        cursor.MoveNext(out ulong address, out ulong length, out uint tag);
        return DmaEntry.FromTag(address, length, tag, _isIdentity);
    }

    /// <summary>Reads the whole list as the fewest segments within a device's limits; adjacent runs of one kind are one segment (row R62).</summary>
    public SegmentEnumerable Segments(SegmentLimits limits) => Segments(0, Length, limits);

    /// <summary>Reads bytes <paramref name="offset"/> to <paramref name="offset"/> + <paramref name="length"/> as segments.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part leaves the list.</exception>
    public SegmentEnumerable Segments(ulong offset, ulong length, SegmentLimits limits) => new(new RunCursor(_runs, offset, length), limits, _isIdentity);

    /// <summary>How many segments <see cref="Segments(SegmentLimits)"/> gives.</summary>
    public int CountSegments(SegmentLimits limits)
    {
        int count = 0;
        foreach (DmaEntry _ in Segments(limits))
        {
            count++;
        }

        return count;
    }

    /// <summary>The largest supported block size in which a table-walking device can map the list at <paramref name="deviceVirtualAddress"/> (row R63a, R63b).</summary>
    /// <param name="supportedSizes">A bit for each size the device supports: bit 12 for 4 KiB.</param>
    /// <param name="deviceVirtualAddress">Where the device places byte 0; the offset within a block must agree with the bytes' own.</param>
    /// <returns>A size in bytes, or 0 when even the smallest supported one does not fit.</returns>
    public ulong FindBestBlockSize(ulong supportedSizes, ulong deviceVirtualAddress) =>
        BlockReader.FindBestSize(new RunCursor(_runs), supportedSizes, deviceVirtualAddress);

    /// <summary>Reads the list as aligned blocks of one size; the first may start before the list's first byte and the last end after its last (row R63c).</summary>
    /// <param name="blockSize">A size that <see cref="FindBestBlockSize"/> allows.</param>
    public BlockEnumerable Blocks(ulong blockSize)
    {
        if (blockSize == 0 || !System.Numerics.BitOperations.IsPow2(blockSize))
        {
            throw new ArgumentOutOfRangeException(nameof(blockSize), blockSize, "A block size is a power of two.");
        }

        return new(new RunCursor(_runs), blockSize);
    }
}
