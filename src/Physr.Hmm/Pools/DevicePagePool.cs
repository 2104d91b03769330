// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm;

/// <summary>The free pages of a device's private or coherent memory, single or by 2 MiB, and which of those in use have been there longest: what a driver allocates from and evicts by.</summary>
/// <remarks>The pagemap's <see cref="Pagemap.FolioFree"/> calls <see cref="Return"/>. Single pages come from blocks that are broken already, so that whole ones last. Thread-safe; allocates nothing
/// in use.</remarks>
public sealed partial class DevicePagePool
{
    private const int PagesPerBlock = 512;
    private const int WordsPerBlock = PagesPerBlock / 64;
    private const int None = -1;

    private readonly Lock _lock = new();
    private readonly Pagemap _pagemap;
    private readonly PageKey _first;
    private readonly ulong[] _free;
    private readonly short[] _freeInBlock;
    private readonly int[] _newer;
    private readonly int[] _older;
    private int _oldest = None;
    private int _newest = None;
    private int _brokenHint;
    private int _wholeHint;
    private int _freePages;

    /// <summary>Makes the pool of all of a pagemap's memory in the private offset space.</summary>
    /// <param name="pagemap">Registered; private.</param>
    /// <param name="region">What its registration gave.</param>
    public DevicePagePool(Pagemap pagemap, AddressRange<DevicePrivateOffset> region)
        : this(pagemap, PageKey.Of(region.Start), region.Length)
    {
    }

    /// <summary>Makes the pool of a run of a pagemap's frames.</summary>
    /// <param name="pagemap">Registered; private or coherent.</param>
    /// <param name="range">Whole 2 MiB.</param>
    public DevicePagePool(Pagemap pagemap, PhysicalRange range)
        : this(pagemap, PageKey.Of(range.Start.Frame), range.Length)
    {
    }

    private DevicePagePool(Pagemap pagemap, PageKey first, ulong length)
    {
        ArgumentNullException.ThrowIfNull(pagemap);
        if (length == 0 || length % PageSize.Size2M != 0)
        {
            throw new ArgumentException($"{length} bytes are not whole 2 MiB.", nameof(length));
        }

        _pagemap = pagemap;
        _first = first;
        Pages = checked((int)(length >> PageSize.Shift4K));
        _free = new ulong[Pages / 64];
        _freeInBlock = new short[Pages / PagesPerBlock];
        _newer = new int[Pages];
        _older = new int[Pages];
        Array.Fill(_free, ulong.MaxValue);
        Array.Fill(_freeInBlock, (short)PagesPerBlock);
        _freePages = Pages;
    }

    /// <summary>Pages in all.</summary>
    public int Pages { get; }

    /// <summary>Pages that nobody has.</summary>
    public int FreePages => Volatile.Read(ref _freePages);

    /// <summary>Takes a page: with one reference and locked, as <see cref="Pagemap.InitializePage(PageFrameNumber, int, out DevicePage)"/> gives it.</summary>
    /// <param name="order">0, or 9 for 2 MiB.</param>
    /// <param name="page">The page.</param>
    /// <returns><see cref="Errno.ENOMEM"/> where none is free; <see cref="Errno.ENODEV"/> where the device is going.</returns>
    public Errno TryTake(int order, out DevicePage page)
    {
        if (order is not (0 or 9))
        {
            throw new ArgumentOutOfRangeException(nameof(order), order, "Pages come single (0) or by 2 MiB (9).");
        }

        page = default;
        int index;
        lock (_lock)
        {
            index = order == 0 ? FindSingle() : FindWhole();
            if (index == None)
            {
                return Errno.ENOMEM;
            }

            Mark(index, 1 << order, free: false);
            Append(index);
        }

        SchedulePoint.Reach("device page");
        PageKey key = _first.Add((ulong)index);
        Errno errno = key.IsOffset ? _pagemap.InitializePage(key.Offset, order, out page) : _pagemap.InitializePage(key.Frame, order, out page);
        if (errno != Errno.None)
        {
            Give(index, 1 << order);
        }

        return errno;
    }

    /// <summary>Takes many single pages for one turn of the lock, each as <see cref="TryTake(int, out DevicePage)"/> gives it.</summary>
    /// <param name="pages">Filled from its start.</param>
    /// <returns>How many there were.</returns>
    public int TryTake(Span<DevicePage> pages)
    {
        Span<int> indices = stackalloc int[PagesPerBlock];
        int done = 0;
        while (done < pages.Length)
        {
            int count = 0;
            lock (_lock)
            {
                while (count < Math.Min(indices.Length, pages.Length - done) && FindSingle() is var index && index != None)
                {
                    Mark(index, 1, free: false);
                    Append(index);
                    indices[count++] = index;
                }
            }

            for (int i = 0; i < count; i++)
            {
                PageKey key = _first.Add((ulong)indices[i]);
                Errno errno = key.IsOffset ? _pagemap.InitializePage(key.Offset, 0, out pages[done]) : _pagemap.InitializePage(key.Frame, 0, out pages[done]);
                done += errno == Errno.None ? 1 : 0;
                if (errno != Errno.None)
                {
                    // The device is going: nothing that is left can be had either.
                    Give(indices[i], 1);
                }
            }

            if (count < indices.Length)
            {
                break;
            }
        }

        return done;
    }

    /// <summary>Takes a page back whose last reference went.</summary>
    public void Return(DevicePage page) => Give(IndexOf(page), 1 << page.Order);

    /// <summary>Says that the device used a page: it is among the last to be evicted then.</summary>
    public void Touch(DevicePage page)
    {
        lock (_lock)
        {
            int index = IndexOf(page.Head);
            if (!IsFree(index))
            {
                Unlink(index);
                Append(index);
            }
        }
    }

    /// <summary>Tells that a large page in use became single ones; each is in use from then on.</summary>
    public void Split(DevicePage tail)
    {
        lock (_lock)
        {
            Append(IndexOf(tail));
        }
    }

    /// <summary>The (head) pages in use, those first that were taken or touched longest ago.</summary>
    /// <param name="pages">Filled from its start.</param>
    /// <returns>How many there are, at most as many as fit.</returns>
    public int Oldest(Span<PageKey> pages)
    {
        lock (_lock)
        {
            int count = 0;
            for (int index = _oldest; index != None && count < pages.Length; index = _newer[index])
            {
                pages[count++] = _first.Add((ulong)index);
            }

            return count;
        }
    }

    /// <summary>How many pages into the pool a page lies.</summary>
    public int IndexOf(DevicePage page)
    {
        ulong index = PageKey.Of(page).Value - _first.Value;
        return index < (ulong)Pages ? (int)index : throw new ArgumentOutOfRangeException(nameof(page), $"{page} is not of this pool.");
    }

    private void Give(int index, int pages)
    {
        lock (_lock)
        {
            if (IsFree(index))
            {
                throw new PhysrException("return device page", _pagemap.ToString(), Errno.EINVAL, $"page {index} is free already");
            }

            Unlink(index);
            Mark(index, pages, free: true);
        }
    }

    private bool IsFree(int index) => (_free[index >> 6] >> (index & 63) & 1) != 0;
}
