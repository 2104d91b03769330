// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <content>Areas that grow, shrink and move (<c>mremap</c>, row R25).</content>
public sealed partial class AddressSpace
{
    /// <summary>Grows, shrinks or moves what is mapped.</summary>
    /// <param name="request">What, and how.</param>
    /// <param name="address">Where it is then.</param>
    /// <returns><see cref="Errno.EINVAL"/> for arguments that contradict each other; <see cref="Errno.EFAULT"/> where nothing is mapped or the range is not one area's;
    /// <see cref="Errno.ENOMEM"/> where it cannot grow.</returns>
    public Errno TryRemap(in RemapRequest request, out VirtualAddress address)
    {
        ThrowIfDisposed();
        address = request.Address;
        ulong oldLength = unchecked((request.Length + PageSize.Size4K - 1) & ~(PageSize.Size4K - 1));
        ulong newLength = unchecked((request.NewLength + PageSize.Size4K - 1) & ~(PageSize.Size4K - 1));
        bool isFixed = request.NewAddress is not null;
        ulong target = request.NewAddress?.Value ?? 0;
        if (!request.Address.IsAligned(PageSize.Size4K) || newLength == 0 || newLength > End || (isFixed && !request.MayMove) || (request.DontUnmap && (!request.MayMove || oldLength != newLength)))
        {
            return Errno.EINVAL;
        }

        ulong from = request.Address.Value;
        if (isFixed && ((target & (PageSize.Size4K - 1)) != 0 || newLength > End || target > End - newLength || (target < unchecked(from + oldLength) && from < target + newLength)))
        {
            return Errno.EINVAL;
        }

        EnterLiveForWriting();
        try
        {
            return RemapLocked(from, oldLength, newLength, request, out address);
        }
        finally
        {
            _lock.ExitWrite();
        }
    }

    private Errno RemapLocked(ulong from, ulong oldLength, ulong newLength, in RemapRequest request, out VirtualAddress address)
    {
        address = new(from);
        VirtualMemoryArea? area = from < End ? Find(from) : null;
        if (area is null || (newLength >= oldLength && oldLength > End - from))
        {
            return Errno.EFAULT;
        }

        if (request.NewAddress is null && !request.DontUnmap && oldLength == newLength)
        {
            return Errno.None;
        }

        if (request.NewAddress is { } fixedTarget && oldLength == newLength && oldLength > area.EndAddress - from)
        {
            return MoveSeveral(from, oldLength, fixedTarget.Value, request.DontUnmap, out address);
        }

        if (oldLength == 0 && !area.Has(VmFlags.Shared))
        {
            return Errno.EINVAL;
        }

        if (request.DontUnmap && area.Has(VmFlags.DontExpand | VmFlags.PfnMap))
        {
            return Errno.EINVAL;
        }

        bool isShorter = newLength < oldLength;
        if (isShorter && request.NewAddress is null)
        {
            return CutTail(from, oldLength, newLength);
        }

        Errno errno = CheckGrowth(area, from, Math.Min(oldLength, newLength), newLength);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (request.NewAddress is { } target)
        {
            // What is there goes first, then the tail, whatever it is; what is left moves.
            errno = UnmapRange(target.Value, target.Value + newLength);
            if (errno == Errno.None && Find(from) is null)
            {
                return Errno.EFAULT;
            }

            errno = errno == Errno.None && isShorter ? CutTail(from, oldLength, newLength) : errno;
            return errno != Errno.None ? errno : Move(Find(from)!, from, Math.Min(oldLength, newLength), target.Value, newLength, request.DontUnmap, out address);
        }

        if (!request.DontUnmap && oldLength == area.EndAddress - from && IsFree(area.EndAddress, newLength - oldLength) && area.EndAddress + (newLength - oldLength) <= End)
        {
            Grow(area, newLength - oldLength);
            return Errno.None;
        }

        if (!request.MayMove)
        {
            return Errno.ENOMEM;
        }

        ulong free = FindFree(newLength, PageSize.Size4K);
        return free == 0 ? Errno.ENOMEM : Move(area, from, oldLength, free, newLength, request.DontUnmap, out address);
    }

    private Errno CutTail(ulong from, ulong oldLength, ulong newLength) =>
        oldLength > End - from ? Errno.EINVAL : UnmapRange(from + newLength, from + oldLength);

    /// <summary>Grows an area in place. What it then touches is merged with it also where the area is a forked child's: the new part is of its own family.</summary>
    private void Grow(VirtualMemoryArea area, ulong bytes)
    {
        Adjust(area, area.StartAddress, area.EndAddress + bytes, area.PageOffset);
        if (Neighbours(area).After is { } after && Continues(area, after)
            && (area.Anon is null ? after.Anon is null || !after.IsForkChild : after.Anon is null || after.Anon == area.Anon))
        {
            Absorb(area, after);
        }
    }

    private static Errno CheckGrowth(VirtualMemoryArea area, ulong from, ulong oldLength, ulong newLength)
    {
        if (oldLength > area.EndAddress - from)
        {
            return Errno.EFAULT;
        }

        if (newLength == oldLength)
        {
            return Errno.None;
        }

        ulong index = area.IndexOf(from);
        if (index + (newLength >> PageSize.Shift4K) < index)
        {
            return Errno.EINVAL;
        }

        return area.Has(VmFlags.DontExpand | VmFlags.PfnMap) ? Errno.EFAULT : Errno.None;
    }
}
