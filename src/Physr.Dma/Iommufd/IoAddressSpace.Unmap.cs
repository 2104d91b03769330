// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

public sealed partial class IoAddressSpace
{
    /// <summary>How often accesses are told to unpin one mapping before it is given up: a user that does not listen must not hang the caller (row R76b).</summary>
    private const int MostUnmapNotices = 100;

    /// <summary>Unmaps whole mappings (<c>IOMMU_IOAS_UNMAP</c>). Accesses that pinned there are told first; when it returns, no device and no access reaches the bytes.</summary>
    /// <param name="iova">The first address; 0 with a length of all ones unmaps everything, and that never fails for want of mappings.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="unmapped">Bytes that were mapped and are no more; may be some even where an error ends it.</param>
    /// <returns><see cref="Errno.ENOENT"/> where nothing is mapped or a mapping is only partly inside, and nothing is unmapped then; <see cref="Errno.EINVAL"/> for length 0;
    /// <see cref="Errno.EOVERFLOW"/>; <see cref="Errno.EBUSY"/> for a mapping that another call is mapping or unmapping or that hardware holds;
    /// <see cref="Errno.EDEADLOCK"/> for accesses that do not unpin (row R76b).</returns>
    public Errno Unmap(DmaAddress iova, ulong length, out ulong unmapped)
    {
        unmapped = 0;
        bool isEverything = iova.Value == 0 && length == ulong.MaxValue;
        if (!isEverything)
        {
            if (iova.Value == ulong.MaxValue || length == ulong.MaxValue)
            {
                return Errno.EOVERFLOW;
            }

            if (length == 0)
            {
                return Errno.EINVAL;
            }

            if (iova.Value > ulong.MaxValue - (length - 1))
            {
                return Errno.EOVERFLOW;
            }
        }

        using ObjectUse use = Use();
        if (!use.IsHeld)
        {
            return Errno.ENOENT;
        }

        Errno errno = UnmapAreas(iova.Value, isEverything ? ulong.MaxValue : iova.Value + (length - 1), out unmapped);
        return errno == Errno.None && unmapped == 0 && !isEverything ? Errno.ENOENT : errno;
    }

    private Errno UnmapAreas(ulong first, ulong last, out ulong unmapped)
    {
        unmapped = 0;
        bool isChecked = false;
        ulong noticed = 0;
        int notices = 0;
        while (true)
        {
            IoArea? area;
            _domainsLock.EnterShared();
            try
            {
                Errno errno = TakeArea(first, last, ref isChecked, out area, out IoPages? pages);
                if (errno != Errno.None || area is null)
                {
                    return errno;
                }

                if (pages is not null)
                {
                    pages.Unfill(area);
                    pages.ReleaseReference();
                    RemoveArea(area);
                    unmapped += area.LengthLessOne + 1;
                    continue;
                }
            }
            finally
            {
                _domainsLock.ExitShared();
            }

            notices = noticed == area.First ? notices + 1 : 1;
            noticed = area.First;
            if (notices > MostUnmapNotices)
            {
                AdmitAccess(area);
                return Errno.EDEADLOCK;
            }

            NotifyUnmap(area.First, area.LengthLessOne + 1);
        }
    }

    /// <summary>Takes the pages from the first mapping in a range, so that nobody else sees it, unless accesses pin it.</summary>
    /// <param name="first">The first address.</param>
    /// <param name="last">The last.</param>
    /// <param name="isChecked">Whether the whole range was looked at before.</param>
    /// <param name="area">The mapping; null when there is none left.</param>
    /// <param name="pages">Its pages, and its reference to them; null where accesses have to unpin it first.</param>
    private Errno TakeArea(ulong first, ulong last, ref bool isChecked, out IoArea? area, out IoPages? pages)
    {
        pages = null;
        area = null;
        _areasLock.EnterAlone();
        try
        {
            Errno errno = isChecked ? Errno.None : CheckUnmap(first, last);
            isChecked = true;
            area = errno == Errno.None ? _space.Areas.First(first, last)?.Value : null;
            if (area is null)
            {
                return errno;
            }

            errno = area.First < first || area.Last > last ? Errno.ENOENT : area.Pages is null || area.LockCount != 0 ? Errno.EBUSY : Errno.None;
            if (errno == Errno.None && area.AccessCount != 0)
            {
                area.PreventsAccess = true;
            }
            else if (errno == Errno.None)
            {
                pages = area.Pages;
                area.Pages = null;
            }

            return errno;
        }
        finally
        {
            _areasLock.ExitAlone();
        }
    }

    private void RemoveArea(IoArea area)
    {
        _areasLock.EnterAlone();
        _space.Areas.Remove(area.Node!);
        _areasLock.ExitAlone();
    }

    /// <summary>Takes pins again through a mapping that could not be unmapped.</summary>
    private void AdmitAccess(IoArea area)
    {
        _areasLock.EnterAlone();
        area.PreventsAccess = false;
        _areasLock.ExitAlone();
    }

    /// <summary>Whether every mapping in a range may go, so that what cannot be done whole is not begun.</summary>
    private Errno CheckUnmap(ulong first, ulong last)
    {
        for (ulong at = first; _space.Areas.TryFirst(at, last, out IntervalNode<IoArea>? node); at = node.Last + 1)
        {
            if (node.First < first || node.Last > last)
            {
                return Errno.ENOENT;
            }

            if (node.Value.Pages is null || node.Value.LockCount != 0)
            {
                return Errno.EBUSY;
            }

            if (node.Last >= last)
            {
                break;
            }
        }

        return Errno.None;
    }

    /// <summary>Tells every access that a range is going away. No lock is held.</summary>
    private void NotifyUnmap(ulong first, ulong length)
    {
        _areasLock.EnterShared();
        IommufdAccess[] accesses = [.. _accesses];
        _areasLock.ExitShared();
        foreach (IommufdAccess access in accesses)
        {
            access.NotifyUnmap(new(first), length);
        }
    }
}
