// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>A range of RAM with a page descriptor for each frame, and the allocator that hands its frames out in runs of 2^order (the kernel's zone and its buddy
/// allocator).</summary>
/// <remarks>A run splits from below, so that pages taken one after the other lie one after the other. Thread-safe.</remarks>
public sealed unsafe partial class RamZone : IDisposable
{
    /// <summary>The largest order: 2^10 pages, 4 MiB (the kernel's <c>MAX_PAGE_ORDER</c>).</summary>
    public const int MaxOrder = 10;

    private const ulong FreedOrNever = ulong.MaxValue;

    private readonly Lock _lock = new();
    private readonly IRamBytes _bytes;
    private readonly IAllocationGate? _gate;
    private readonly nint[] _blocks;
    private readonly ulong _first;
    private readonly ulong _pages;
    private readonly ulong[] _heads = new ulong[MaxOrder + 1];
    private PageDescriptor* _descriptors;
    private long _freePages;

    /// <summary>Makes a zone of all free frames.</summary>
    /// <param name="range">A multiple of 2 MiB at a multiple of 2 MiB; not empty.</param>
    /// <param name="bytes">Its bytes; they outlive the zone.</param>
    /// <param name="gate">Asked before each allocation; null lets all pass (row R91).</param>
    public RamZone(PhysicalRange range, IRamBytes bytes, IAllocationGate? gate = null)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (range.IsEmpty || !range.Start.IsAligned(PageSize.Size2M) || !Alignment.IsAligned(range.Length, PageSize.Size2M))
        {
            throw new ArgumentException($"{range} does not consist of whole 2 MiB blocks.", nameof(range));
        }

        Range = range;
        _bytes = bytes;
        _gate = gate;
        _first = range.Start.Frame.Value;
        _pages = range.Length >> PageSize.Shift4K;
        _blocks = new nint[checked((int)(range.Length / PageSize.Size2M))];

        // SAFETY: one descriptor for each page; zeroed by the system, freed once in Dispose.
        _descriptors = (PageDescriptor*)NativeMemory.AlignedAlloc(checked((nuint)_pages * PageDescriptor.SizeBytes), PageDescriptor.SizeBytes);
        NativeMemory.Clear(_descriptors, (nuint)_pages * PageDescriptor.SizeBytes);
        Array.Fill(_heads, FreedOrNever);
        FillFreeLists();
    }

    /// <summary>Which frames.</summary>
    public PhysicalRange Range { get; }

    /// <summary>Frames not handed out.</summary>
    public long FreePages => Volatile.Read(ref _freePages);

    /// <summary>Frames in all.</summary>
    public long Pages => (long)_pages;

    /// <summary>Bytes of page descriptors.</summary>
    public long DescriptorBytes => (long)_pages * PageDescriptor.SizeBytes;

    /// <summary>Takes 2^order frames that begin at a multiple of that, with one reference on the first.</summary>
    /// <param name="order">0 to <see cref="MaxOrder"/>.</param>
    /// <param name="frame">The first frame.</param>
    /// <returns><see cref="Errno.ENOMEM"/> where no run is that long.</returns>
    public Errno TryAllocate(int order, out PageFrameNumber frame)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)order, (uint)MaxOrder, nameof(order));
        frame = default;
        if (_gate?.TryPass("RAM page") == false)
        {
            return Errno.ENOMEM;
        }

        ulong page;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_descriptors is null, this);
            int found = order;
            while (found <= MaxOrder && _heads[found] == FreedOrNever)
            {
                found++;
            }

            if (found > MaxOrder)
            {
                return Errno.ENOMEM;
            }

            page = _heads[found];
            Unlink(page, found);
            while (found > order)
            {
                found--;
                Link(page + (1UL << found), found);
            }

            Volatile.Write(ref _freePages, _freePages - (1L << order));
        }

        Prepare(page, order);
        frame = new(_first + page);
        return Errno.None;
    }

    /// <summary>Gives frames back that were taken together, or as parts after a split. Nobody refers to them any more.</summary>
    /// <exception cref="PhysrException">They are free already, or not of this zone.</exception>
    public void Free(PageFrameNumber frame, int order)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)order, (uint)MaxOrder, nameof(order));
        ulong page = frame.Value - _first;
        if (page >= _pages || _pages - page < 1UL << order || (page & ((1UL << order) - 1)) != 0)
        {
            throw new PhysrException("free RAM", frame.ToString(), Errno.EINVAL, $"no run of 2^{order} pages of {Range} begins there");
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_descriptors is null, this);
            for (ulong i = 0; i < 1UL << order; i++)
            {
                PageDescriptor* each = _descriptors + page + i;
                if ((each->FlagBits & (ulong)PageFlags.Free) != 0)
                {
                    throw new PhysrException("free RAM", frame.Add(i).ToString(), Errno.EINVAL, "the page is free already");
                }

                *each = default;
                each->FlagBits = (ulong)PageFlags.Free;
            }

            Volatile.Write(ref _freePages, _freePages + (1L << order));
            while (order < MaxOrder)
            {
                ulong buddy = page ^ (1UL << order);
                if (buddy >= _pages || !IsHead(buddy, order))
                {
                    break;
                }

                Unlink(buddy, order);
                page &= ~(1UL << order);
                order++;
            }

            Link(page, order);
        }
    }

    /// <summary>Whether a frame is of this zone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(PageFrameNumber frame) => frame.Value - _first < _pages;

    /// <summary>The descriptor of a frame of this zone; those of neighbours lie beside it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal PageDescriptor* At(ulong frame) => _descriptors + (frame - _first);

    /// <summary>The bytes of a frame of this zone, and of those behind it up to the end of its 2 MiB block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* BytesAt(ulong frame)
    {
        ulong page = frame - _first;
        nint block = _blocks[(int)(page >> 9)];

        // SAFETY: the block holds 512 pages.
        return (block != 0 ? (byte*)block : Block((int)(page >> 9))) + ((page & 511) << PageSize.Shift4K);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            NativeMemory.AlignedFree(_descriptors);
            _descriptors = null;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte* Block(int index)
    {
        Span<byte> bytes = _bytes.BlockAt(Range.Start.Add((ulong)index * PageSize.Size2M));
        if ((ulong)bytes.Length < PageSize.Size2M)
        {
            throw new PhysrException("reach RAM", Range.ToString(), Errno.EIO, $"block {index} has {bytes.Length} bytes; 2 MiB are right");
        }

        // SAFETY: the interface promises that the bytes do not move.
        byte* block = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));
        Volatile.Write(ref _blocks[index], (nint)block);
        return block;
    }
}
