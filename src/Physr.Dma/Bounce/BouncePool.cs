// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Memory;

namespace Physr.Dma.Bounce;

/// <summary>RAM that every device reaches, through which bytes go that a device cannot or may not see where they are (the kernel's swiotlb): slots of 2 KiB, handed out in runs of up to
/// 256 KiB.</summary>
/// <remarks>Thread-safe; one run belongs to one thread at a time. A run is found by any address in it, so that nobody has to remember which mapping bounced.</remarks>
public sealed partial class BouncePool : IDisposable
{
    /// <summary>Bytes in a slot (the kernel's <c>IO_TLB_SIZE</c>).</summary>
    public const int SlotSize = 2048;

    /// <summary>Slots that can be had in one run (the kernel's <c>IO_TLB_SEGSIZE</c>).</summary>
    public const int SegmentSlots = 128;

    /// <summary>The longest run, in bytes.</summary>
    public const ulong MaxRun = SlotSize * SegmentSlots;

    private readonly IHostMemory _memory;
    private readonly IAllocationGate? _gate;
    private readonly BounceArea[] _areas;
    private readonly int _slotsPerArea;
    private readonly BounceSlot[] _slots;
    private readonly ConditionalWeakTable<DmaDevice, StrongBox<long>> _perDevice = [];
    private long _used;
    private long _highWater;
    private long _mappings;
    private long _exhausted;
    private long _bytesIn;
    private long _bytesOut;
    private int _isDisposed;

    private BouncePool(IHostMemory memory, PhysicalRange range, BouncePoolOptions options)
    {
        _memory = memory;
        _gate = options.AllocationGate;
        Range = range;
        int segments = (int)(range.Length / MaxRun);
        int areas = Math.Clamp(options.Areas, 1, segments);
        int perArea = (segments + areas - 1) / areas;
        areas = (segments + perArea - 1) / perArea;
        _slotsPerArea = perArea * SegmentSlots;
        _slots = new BounceSlot[segments * SegmentSlots];
        _areas = new BounceArea[areas];
        for (int i = 0; i < areas; i++)
        {
            _areas[i] = new(i * perArea, Math.Min(perArea, segments - (i * perArea)), range.Start.Value / SlotSize);
        }
    }

    /// <summary>The RAM it took.</summary>
    public PhysicalRange Range { get; }

    /// <summary>What it did so far.</summary>
    public BounceStatistics Statistics => new(
        _slots.Length,
        Interlocked.Read(ref _used),
        Interlocked.Read(ref _highWater),
        Interlocked.Read(ref _mappings),
        Interlocked.Read(ref _exhausted),
        Interlocked.Read(ref _bytesIn),
        Interlocked.Read(ref _bytesOut));

    /// <summary>Makes a pool.</summary>
    /// <param name="memory">Where its RAM comes from, and what copies bytes.</param>
    /// <param name="options">How large and where; null is the defaults.</param>
    /// <param name="pool">The pool; null on failure.</param>
    /// <returns><see cref="Errno.EINVAL"/> for no length, more than 2 GiB or no area; what <see cref="IHostMemory.TryAllocate"/> answers.</returns>
    public static Errno TryCreate(IHostMemory memory, BouncePoolOptions? options, out BouncePool? pool)
    {
        ArgumentNullException.ThrowIfNull(memory);
        options ??= new();
        pool = null;
        if (options.Length is 0 or > 1UL << 31 || options.Areas < 1)
        {
            return Errno.EINVAL;
        }

        Errno errno = memory.TryAllocate(Alignment.Up(options.Length, MaxRun), options.Last, "bounce pool", out PhysicalRange range);
        if (errno == Errno.None)
        {
            pool = new(memory, range, options);
        }

        return errno;
    }

    /// <summary>Whether an address is one of the pool's.</summary>
    public bool Owns(PhysicalAddress address) => Range.Contains(address);

    /// <summary>Slots that a device holds now.</summary>
    public long UsedBy(DmaDevice device) => _perDevice.TryGetValue(device, out StrongBox<long>? used) ? Interlocked.Read(ref used.Value) : 0;

    /// <summary>Gives the RAM back.</summary>
    /// <exception cref="PhysrException">Slots are still out.</exception>
    public void Dispose()
    {
        long used = Interlocked.Read(ref _used);
        if (used != 0)
        {
            throw new PhysrException("dispose bounce pool", Range.ToString(), Errno.EBUSY, $"{used} slots are still out");
        }

        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _memory.Free(Range);
        }
    }

    private PhysicalAddress AddressOf(int slot) => new(Range.Start.Value + ((ulong)slot * SlotSize));

    private int FirstSlotOf(PhysicalAddress address)
    {
        int slot = (int)((address.Value - Range.Start.Value) / SlotSize);
        return _slots[slot].IsUsed ? slot - _slots[slot].Back : -1;
    }

    private void Account(DmaDevice device, long slots)
    {
        Interlocked.Add(ref _perDevice.GetValue(device, static _ => new()).Value, slots);
        long used = Interlocked.Add(ref _used, slots);
        long high = Interlocked.Read(ref _highWater);
        while (used > high)
        {
            long seen = Interlocked.CompareExchange(ref _highWater, used, high);
            if (seen == high)
            {
                break;
            }

            high = seen;
        }
    }
}
