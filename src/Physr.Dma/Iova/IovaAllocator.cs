// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using System.Runtime.CompilerServices;

namespace Physr.Dma.Iova;

/// <summary>Hands out runs of IO virtual addresses of one address space (row R67): from the top down, aligned to their own size rounded up to a power of two,
/// below 4 GiB first. Thread-safe.</summary>
/// <remarks>
/// <para>Runs that come back wait in magazines: each thread keeps two of each size (<see cref="IovaStripe"/>) and takes no lock while they serve, whatever the mixture of sizes up to
/// 2 MiB; full magazines go to a depot, from which any thread takes. Fresh runs are cut from the free gaps (<see cref="IovaGapTree"/>), in O(log n).</para>
/// <para>Below and above 4 GiB are kept apart, so that a low run is taken wherever one is at hand and a narrow mask does not have to search among high ones.
/// When nothing is left, all magazines of all threads go back to the gaps, and the search is repeated once (row R67e): <see cref="Errno.ENOMEM"/> means that there is no such run.</para>
/// </remarks>
public sealed partial class IovaAllocator : IDisposable
{
    private readonly IovaAllocatorOptions _options;
    private readonly ulong _first;
    private readonly ulong _last;
    private readonly int _shift;
    private readonly int _orders;

    /// <summary>The threads' own, by <see cref="IovaThreadSlot.Number"/>; place 0 stays null, for threads without a number.</summary>
    private readonly IovaStripe?[] _stripes;

    /// <summary>Makes an empty space.</summary>
    /// <param name="granule">The unit, in bytes: a power of two, the IOMMU's smallest page.</param>
    /// <param name="first">The lowest address ever handed out, rounded up to a granule; address 0 never is.</param>
    /// <param name="last">The highest address, inclusive; of a granule that is not whole, nothing is handed out, nor of the space's very last one, which holds
    /// <see cref="DmaAddress.MappingError"/>.</param>
    /// <param name="options">How runs are kept; null for the defaults.</param>
    /// <exception cref="PhysrException">The granule is no power of two, not one granule lies between the bounds, or an option is out of its range.</exception>
    public IovaAllocator(ulong granule, DmaAddress first, DmaAddress last, IovaAllocatorOptions? options = null)
    {
        _options = options ?? new();
        Check(BitOperations.IsPow2(granule) && granule <= 1UL << 32, $"a granule of {granule} bytes is not a power of two up to 4 GiB");
        Check(_options is { CachedOrders: >= 0 and <= 20, MaxThreadCaches: >= 0 and <= 65536 }, "CachedOrders has to be 0 to 20, and MaxThreadCaches 0 to 65536");
        Granule = granule;
        _shift = BitOperations.Log2(granule);
        _orders = _options.CachedOrders;
        ulong end = EndGranule(last.Value);
        ulong begin = first.Value == 0 ? 1 : ((first.Value - 1) >> _shift) + 1;
        Check(first.Value <= last.Value && begin < end, $"no granule of {granule} bytes lies between {first} and {last}");
        _first = begin << _shift;
        _last = (end << _shift) - 1;
        ulong low = (1UL << 32) >> _shift;
        _regions = [new(begin, Math.Min(end, low), _orders), new(Math.Max(begin, low), end, _orders)];
        _shared = new(_orders);
        _stripes = new IovaStripe?[_options.IsChecked ? 1 : _options.MaxThreadCaches + 1];
        _handedOut = _options.IsChecked ? [] : null;
        Publish();
    }

    /// <summary>The unit, in bytes.</summary>
    public ulong Granule { get; }

    /// <summary>Takes a run.</summary>
    /// <param name="length">Bytes; rounded up to granules and, where the size is kept in magazines, to a power of two of them.</param>
    /// <param name="mask">The highest address the device can use.</param>
    /// <param name="address">The first address of the run.</param>
    /// <returns><see cref="Errno.EINVAL"/> for length 0 and above 2^62, <see cref="Errno.ENOMEM"/> where no such run is free, <see cref="Errno.ENODEV"/> after disposal.</returns>
    public Errno TryAllocate(ulong length, ulong mask, out DmaAddress address) => TryAllocateFor(IovaThreadSlot.Number, length, mask, out address);

    /// <summary>Gives a run back.</summary>
    /// <param name="address">As it was handed out.</param>
    /// <param name="length">As it was asked for.</param>
    /// <exception cref="PhysrException">No such run is out, as far as that is noticed: see <see cref="IovaAllocatorOptions.IsChecked"/>.</exception>
    public void Free(DmaAddress address, ulong length) => FreeFor(IovaThreadSlot.Number, address, length);

    /// <summary>Takes a run for a thread that knows its number (<see cref="IovaThreadSlot"/>), which is spared looking it up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Errno TryAllocateFor(int threadNumber, ulong length, ulong mask, out DmaAddress address)
    {
        int order = OrderOf(length);
        if (order < _orders && StripeOf(threadNumber) is { } stripe && stripe.TryEnter())
        {
            ulong extent = (Granule << order) - 1;
            ref IovaRack rack = ref stripe.Rack(order, RegionToTake(ref stripe.Rack(order, 0), order, mask));
            int top = rack.Count - 1;
            if (top >= 0)
            {
                ulong run = rack.Loaded![top];
                if (run + extent <= mask)
                {
                    rack.Count = top;
                    rack.Live++;
                    stripe.Exit();
                    address = new(run);
                    return Errno.None;
                }
            }

            if (TryTakeAnother(stripe, ref rack, mask, extent, out address))
            {
                return Errno.None;
            }
        }

        return AllocateLocked(length, mask, out address);
    }

    /// <summary>Gives a run back for a thread that knows its number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void FreeFor(int threadNumber, DmaAddress address, ulong length)
    {
        int order = OrderOf(length);
        ulong run = address.Value;
        if (order < _orders && IsPossible(run, order) && StripeOf(threadNumber) is { } stripe && stripe.TryEnter())
        {
            ref IovaRack rack = ref stripe.Rack(order, RegionOf(run));
            int count = rack.Count;
            if (count < rack.Room)
            {
                rack.Loaded![count] = run;
                rack.Count = count + 1;
                rack.Live--;
                stripe.Exit();
                return;
            }

            if (TryPutElsewhere(stripe, ref rack, run))
            {
                return;
            }
        }

        FreeLocked(address, length);
    }

    /// <summary>Takes what is not on top of the loaded magazine; the owner goes after it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryTakeAnother(IovaStripe stripe, ref IovaRack rack, ulong mask, ulong extent, out DmaAddress address)
    {
        ulong run = 0;
        bool isTaken = rack.Cached != 0 && rack.TryTake(mask, extent, out run);
        rack.Live += isTaken ? 1 : 0;
        stripe.Exit();
        address = new(run);
        return isTaken;
    }

    /// <summary>Puts what the loaded magazine has no room for; the owner goes after it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryPutElsewhere(IovaStripe stripe, ref IovaRack rack, ulong run)
    {
        bool isKept = rack.TryPut(run);
        rack.Live -= isKept ? 1 : 0;
        stripe.Exit();
        return isKept;
    }

    /// <summary>The size of a length: the least n for which 2^n granules hold it. Above every kept size for length 0.</summary>
    private int OrderOf(ulong length) => 64 - BitOperations.LeadingZeroCount((length - 1) >> _shift);

    private static int RegionOf(ulong run) => run >> 32 != 0 ? 1 : 0;

    /// <summary>Whether a kept run of that size can have that address.</summary>
    private bool IsPossible(ulong run, int order)
    {
        ulong extent = (Granule << order) - 1;
        return (run & extent) == 0 && run >= _first && run <= _last && run + extent <= _last;
    }

    /// <summary>One past the last whole granule at or below an address; the very last of the 64-bit space does not count.</summary>
    private ulong EndGranule(ulong last) => last == ulong.MaxValue ? ulong.MaxValue >> _shift : (last + 1) >> _shift;

    private IovaStripe? StripeOf(int threadNumber)
    {
        IovaStripe?[] stripes = _stripes;
        return (uint)threadNumber < (uint)stripes.Length ? stripes[threadNumber] : null;
    }

    /// <summary>Which rack serves: the low one as long as a low run is to be had, other threads' magazines aside.</summary>
    private int RegionToTake(ref IovaRack low, int order, ulong mask)
    {
        if ((Volatile.Read(ref _lowOrders) >> order & 1) != 0)
        {
            return 0;
        }

        // Low runs are scarce: whether one has come back cannot be predicted, so there is no branch on it.
        return (low.Cached == 0 ? 1 : 0) & (mask >> 32 != 0 ? 1 : 0);
    }

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new PhysrException("make IOVA space", "IOVA allocator", Errno.EINVAL, otherwise);
        }
    }
}
