// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <content>Swap areas (row R19c).</content>
public sealed unsafe partial class PhysicalMemory
{
    private readonly List<SwapArea> _swapAreas = [];

    /// <summary>Slots in use, of all areas.</summary>
    public long UsedSwapSlots => _swapAreas.Sum(static area => area.UsedSlots);

    /// <summary>Adds a swap area (<c>swapon</c>).</summary>
    /// <param name="store">Where its bytes live.</param>
    /// <param name="area">The area.</param>
    /// <returns><see cref="Errno.EPERM"/> where there are <see cref="PageEntry.MaxSwapAreas"/> already; <see cref="Errno.EINVAL"/> for fewer than two pages, of which the first is the header.</returns>
    public Errno AddSwap(ISwapStore store, out SwapArea? area)
    {
        ArgumentNullException.ThrowIfNull(store);
        area = null;
        if (store.Pages < 2)
        {
            return Errno.EINVAL;
        }

        lock (_swapAreas)
        {
            if (_swapAreas.Count == PageEntry.MaxSwapAreas)
            {
                return Errno.EPERM;
            }

            area = new(_swapAreas.Count, store);
            _swapAreas.Add(area);
            return Errno.None;
        }
    }

    internal SwapArea SwapAreaOf(PageEntry entry) => _swapAreas[entry.SwapArea];

    internal Errno TrySwapOut(Page page, out PageEntry entry)
    {
        entry = default;
        foreach (SwapArea area in _swapAreas)
        {
            // SAFETY: the caller holds the page.
            Errno errno = area.TryStore(new ReadOnlySpan<byte>(BytesOf(page), (int)PageSize.Size4K), out ulong slot);
            if (errno == Errno.None)
            {
                entry = PageEntry.Swap(area.Index, slot);
                return errno;
            }
        }

        return Errno.ENOSPC;
    }
}
