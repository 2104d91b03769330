// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <content>What the thread's own magazines cannot serve: depots and gaps, under the lock.</content>
public sealed partial class IovaAllocator
{
    private readonly Lock _lock = new();

    /// <summary>Below and above 4 GiB.</summary>
    private readonly IovaRegion[] _regions;

    /// <summary>For threads without a stripe of their own; used under the lock.</summary>
    private readonly IovaStripe _shared;

    /// <summary>Empty magazines, to be used again.</summary>
    private readonly IovaMagazineStack _spares = new();

    /// <summary>Granules of every run that is out, by address; null unless checked.</summary>
    private readonly Dictionary<ulong, ulong>? _handedOut;

    private long _wholeLive;
    private ulong _wholeLiveBytes;
    private long _treeTakes;
    private bool _disposed;

    /// <summary>The sizes that gaps and depots below 4 GiB can give, as they were after the last locked operation: threads read it without the lock.</summary>
    private ulong _lowOrders;

    private Errno AllocateLocked(ulong length, ulong mask, out DmaAddress address)
    {
        address = DmaAddress.MappingError;
        if (length is 0 or > 1UL << 62)
        {
            return Errno.EINVAL;
        }

        int order = OrderOf(length);
        ulong size = SizeOf(length, order);
        lock (_lock)
        {
            if (_disposed)
            {
                return Errno.ENODEV;
            }

            if (_handedOut is not null && !MayGrow("iova checked runs"))
            {
                return Errno.ENOMEM;
            }

            bool taken = order < _orders ? TryTakeKept(order, mask, out ulong run) : TryTakeFresh(size, order, mask, out run);
            if (!taken && FlushLocked())
            {
                // Everything that is not handed out is in the gaps now, so this search decides (row R67e).
                taken = TryTakeFresh(size, order, mask, out run);
            }

            Publish();
            if (!taken)
            {
                return Errno.ENOMEM;
            }

            Account(run, order, size, 1);
            _handedOut?.Add(run, GranulesIn(length));
            address = new(run);
            return Errno.None;
        }
    }

    private void FreeLocked(DmaAddress address, ulong length)
    {
        ulong run = address.Value;
        int order = OrderOf(length);
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            Refuse(length is 0 or > 1UL << 62, address, "its length is none that is handed out");
            ulong size = SizeOf(length, order);
            bool isInside = run >= _first && run <= _last && (size << _shift) - 1 <= _last - run;
            Refuse(!isInside || (run & ((Granule << order) - 1)) != 0, address, "it is outside the space or not aligned to its size");
            Refuse(_handedOut is not null && (!_handedOut.TryGetValue(run, out ulong granules) || granules != GranulesIn(length)), address, "no such run was handed out");
            if (order < _orders)
            {
                Keep(run, order);
            }
            else
            {
                ulong start = run >> _shift;
                Refuse(!_regions[RegionOf(run)].Gaps.TryGiveBack(start, start + size), address, "it is free, wholly or in part");
            }

            Account(run, order, size, -1);
            _handedOut?.Remove(run);
            Publish();
        }
    }

    /// <summary>Takes a run of a kept size: below 4 GiB from magazines, depot and gaps, and then above.</summary>
    private bool TryTakeKept(int order, ulong mask, out ulong run)
    {
        IovaStripe stripe = StripeLocked();
        ulong extent = (Granule << order) - 1;
        run = 0;
        for (int region = 0; region < 2 && (region == 0 || mask >> 32 != 0); region++)
        {
            ref IovaRack rack = ref stripe.Rack(order, region);
            if (rack.Cached == 0 && _regions[region].Depots[order].Pop() is { } full)
            {
                Spare(rack.Loaded);
                rack.Loaded = full;
                rack.Count = full.Count;
                rack.Room = IovaMagazine.Capacity;
            }

            if (rack.TryTake(mask, extent, out run) || TryCut(region, 1UL << order, order, mask, out run))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryTakeFresh(ulong size, int order, ulong mask, out ulong run) =>
        TryCut(0, size, order, mask, out run) || (mask >> 32 != 0 && TryCut(1, size, order, mask, out run));

    private bool TryCut(int region, ulong size, int order, ulong mask, out ulong run)
    {
        IovaGapTree gaps = _regions[region].Gaps;
        run = 0;
        if (gaps.MaxOrder < order - 1 || !HasRoom(gaps) || !gaps.TryTake(size, order, EndGranule(mask), out ulong start))
        {
            return false;
        }

        _treeTakes++;
        run = start << _shift;
        return true;
    }

    /// <summary>Keeps a run in a magazine; without memory for another magazine, a full one's runs go back to the gaps.</summary>
    private void Keep(ulong run, int order)
    {
        int region = RegionOf(run);
        ref IovaRack rack = ref StripeLocked().Rack(order, region);
        if (rack.TryPut(run))
        {
            return;
        }

        IovaMagazine? fresh = _spares.Pop() ?? (MayGrow("iova magazine") ? new() : null);
        if (fresh is null)
        {
            GiveBack(rack.Loaded, rack.Count, order, region);
            rack.Count = 0;
            if (!rack.TryPut(run))
            {
                GiveBackRun(run, order, region);
            }

            return;
        }

        if (rack.Loaded is { } loaded)
        {
            if (rack.Previous is null)
            {
                rack.Swap();
            }
            else
            {
                loaded.Count = IovaMagazine.Capacity;
                _regions[region].Depots[order].Push(loaded);
            }
        }

        rack.Loaded = fresh;
        rack.Room = IovaMagazine.Capacity;
        rack.Count = 0;
        rack.TryPut(run);
    }

    /// <summary>This thread's stripe, made if it may have one. Under the lock no <see cref="IovaStripe.TryEnter"/> is needed.</summary>
    private IovaStripe StripeLocked()
    {
        int number = IovaThreadSlot.Ensure();
        if (number >= _stripes.Length)
        {
            return _shared;
        }

        return _stripes[number] ?? (MayGrow("iova stripe") ? _stripes[number] = new(_orders) : _shared);
    }

    private void Spare(IovaMagazine? magazine)
    {
        if (magazine is not null)
        {
            magazine.Count = 0;
            _spares.Push(magazine);
        }
    }

    private bool HasRoom(IovaGapTree gaps)
    {
        if (gaps.HasRoom)
        {
            return true;
        }

        bool grows = MayGrow("iova nodes");
        if (grows)
        {
            gaps.Grow();
        }

        return grows;
    }

    private void Account(ulong run, int order, ulong size, int change)
    {
        if (order < _orders)
        {
            StripeLocked().Rack(order, RegionOf(run)).Live += change;
            return;
        }

        _wholeLive += change;
        _wholeLiveBytes = change > 0 ? _wholeLiveBytes + (size << _shift) : _wholeLiveBytes - (size << _shift);
    }

    private void Publish() => Volatile.Write(ref _lowOrders, _regions[0].AvailableOrders);

    private bool MayGrow(string site) => _options.AllocationGate?.TryPass(site) != false;

    private ulong GranulesIn(ulong length) => ((length - 1) >> _shift) + 1;

    /// <summary>Granules of a run: kept sizes are whole powers of two.</summary>
    private ulong SizeOf(ulong length, int order) => order < _orders ? 1UL << order : GranulesIn(length);

    private static void Refuse(bool isWrong, DmaAddress address, string why)
    {
        if (isWrong)
        {
            throw new PhysrException("free IOVA", address.ToString(), Errno.EINVAL, why);
        }
    }
}
