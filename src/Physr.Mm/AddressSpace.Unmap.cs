// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <content>Areas that go (<c>munmap</c>).</content>
public sealed partial class AddressSpace
{
    /// <summary>Unmaps whatever is mapped in a range; holes are fine.</summary>
    /// <param name="address">A multiple of 4 KiB.</param>
    /// <param name="length">Bytes, rounded up to whole pages; not zero.</param>
    /// <returns><see cref="Errno.EINVAL"/> for another address, a length of zero or a range that leaves the process's addresses; <see cref="Errno.ENOMEM"/> where a part in the middle would make too
    /// many areas: nothing is unmapped then.</returns>
    public Errno TryUnmap(VirtualAddress address, ulong length)
    {
        ThrowIfDisposed();
        if (!address.IsAligned(PageSize.Size4K) || length == 0 || length > End || address.Value > End - length)
        {
            return Errno.EINVAL;
        }

        EnterLiveForWriting();
        try
        {
            return UnmapRange(address.Value, address.Value + Alignment.Up(length, PageSize.Size4K));
        }
        finally
        {
            _lock.ExitWrite();
        }
    }

    private Errno UnmapRange(ulong start, ulong end)
    {
        int first = FirstEndingAfter(start);
        if (first == _areas.Count || _areas[first].StartAddress >= end)
        {
            return Errno.None;
        }

        Errno errno = SplitAt(start);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = SplitAt(end);
        if (errno != Errno.None)
        {
            if (AreaAt(FirstEndingAfter(start)) is { } upper && upper.StartAddress == start)
            {
                Merge(upper);
            }

            return errno;
        }

        first = FirstEndingAfter(start);
        int last = first;
        while (last < _areas.Count && _areas[last].StartAddress < end)
        {
            VirtualMemoryArea area = _areas[last];
            NotifyAndZap(area, area.StartAddress, area.EndAddress, NotifierEvent.Unmap, ZapMode.Markers);
            last++;
        }

        RemoveAreas(first, last, start, end);
        return Errno.None;
    }

    private Errno SplitAt(ulong address) =>
        AreaAt(FirstEndingAfter(address)) is { } area && area.StartAddress < address ? Split(area, address, out _) : Errno.None;

    private void RemoveAreas(int first, int last, ulong start, ulong end)
    {
        Volatile.Write(ref _lastFound, null);
        for (int i = first; i < last; i++)
        {
            Unlink(_areas[i]);
        }

        _areas.RemoveRange(first, last - first);
        FreeTables(start, end, AreaAt(first - 1)?.EndAddress ?? 0, AreaAt(first)?.StartAddress ?? ulong.MaxValue);
    }

    private void UnmapAll()
    {
        if (_areas.Count == 0)
        {
            return;
        }

        ulong start = _areas[0].StartAddress;
        ulong end = _areas[^1].EndAddress;
        foreach (VirtualMemoryArea area in _areas)
        {
            Zap(area, area.StartAddress, area.EndAddress, ZapMode.Markers);
        }

        RemoveAreas(0, _areas.Count, start, end);
    }
}
