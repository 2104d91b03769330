// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <content>New areas (<c>mmap</c>).</content>
public sealed partial class AddressSpace
{
    // Where the search for free addresses begins: below the stack of a common process, downwards (mmap_base).
    private const ulong SearchTop = 0x7fff_f000_0000;

    // The lowest address that may be mapped (vm.mmap_min_addr).
    private const ulong LowestAddress = 0x10000;

    /// <summary>Maps anonymous memory or a file (<c>mmap</c>).</summary>
    /// <param name="request">What, and where.</param>
    /// <param name="address">Where it is.</param>
    /// <returns><see cref="Errno.EINVAL"/> for a length of zero, an address or offset off the page boundary, or flags that contradict each other; <see cref="Errno.ENOMEM"/> where no
    /// addresses are free or there are too many areas; <see cref="Errno.EEXIST"/> where something is mapped that may not be replaced; <see cref="Errno.EOVERFLOW"/> where offset and length
    /// leave the file's numbering.</returns>
    public Errno TryMap(in MapRequest request, out VirtualAddress address)
    {
        ThrowIfDisposed();
        address = default;
        ulong length = request.Length;
        if (length == 0 || (request.Offset & (PageSize.Size4K - 1)) != 0)
        {
            return Errno.EINVAL;
        }

        if (length > End)
        {
            return Errno.ENOMEM;
        }

        length = Alignment.Up(length, PageSize.Size4K);
        if (request.Offset + length < request.Offset)
        {
            return Errno.EOVERFLOW;
        }

        EnterLiveForWriting();
        try
        {
            return MapLocked(request, length, out address);
        }
        finally
        {
            _lock.ExitWrite();
        }
    }

    private Errno MapLocked(in MapRequest request, ulong length, out VirtualAddress address)
    {
        ulong start = request.Address.Value & ~(PageSize.Size4K - 1);
        address = default;
        if (request.IsFixed)
        {
            if (start > End - length)
            {
                return Errno.ENOMEM;
            }

            if (!request.Address.IsAligned(PageSize.Size4K))
            {
                return Errno.EINVAL;
            }

            if (start < LowestAddress)
            {
                return Errno.EPERM;
            }

            if (request.MustBeFree && !IsFree(start, length))
            {
                return Errno.EEXIST;
            }
        }
        else if (start < LowestAddress || start > End - length || !IsFree(start, length))
        {
            start = FindFree(length, (request.File is null && !request.IsShared) || request.File is DaxFile ? HugeBytes : PageSize.Size4K);
            if (start == 0)
            {
                return Errno.ENOMEM;
            }
        }

        if (request is { IsShared: true, File.AllowsSharedWrites: false } && (request.Protection & Protection.Write) != Protection.None)
        {
            return Errno.EINVAL;
        }

        if (_areas.Count >= Memory.Options.MaxAreas || !Memory.PassesGate("area"))
        {
            return Errno.ENOMEM;
        }

        Errno errno = UnmapRange(start, start + length);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = request.File?.Prepare(request.Offset >> PageSize.Shift4K, length >> PageSize.Shift4K) ?? Errno.None;
        if (errno != Errno.None)
        {
            // Some of it may have been described already, for nobody if this was to be the first mapping.
            request.File!.LastAreaGone();
            return errno;
        }

        VmFlags flags = FlagsOf(request);
        ulong pageOffset = request.File is null ? start >> PageSize.Shift4K : request.Offset >> PageSize.Shift4K;
        VirtualMemoryArea area = new(this, start, start + length, flags, pageOffset, request.File);
        Insert(area);
        Merge(area);
        address = new(start);
        return request.IsPopulated ? PopulateLocked(start, start + length, isWrite: (flags & (VmFlags.Write | VmFlags.Shared)) == VmFlags.Write, ignoreHoles: true) : Errno.None;
    }

    private VmFlags FlagsOf(in MapRequest request)
    {
        VmFlags flags = AccessFlags(request.Protection) | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute;
        if (request.IsShared)
        {
            flags |= VmFlags.Shared | VmFlags.MayShare;
            flags &= request.File is { AllowsSharedWrites: false } ? ~VmFlags.MayWrite : (VmFlags)ulong.MaxValue;
        }

        if (request.NoReserve)
        {
            flags |= VmFlags.NoReserve;
        }

        if ((flags & (VmFlags.NoReserve | VmFlags.Shared | VmFlags.Write)) == VmFlags.Write)
        {
            flags |= VmFlags.Account;
        }

        return flags | (request.File?.AreaFlags ?? VmFlags.None) | (Memory.Options.TracksSoftDirty ? VmFlags.SoftDirty : VmFlags.None);
    }

    internal static VmFlags AccessFlags(Protection protection) => (VmFlags)((int)protection & 7);

    private bool IsFree(ulong start, ulong length) => AreaAt(FirstEndingAfter(start)) is not { } next || next.StartAddress >= start + length;

    /// <summary>The highest free run below the search's top; 0 where none is. Anonymous memory of 2 MiB and more is aligned to that, so that huge pages fit.</summary>
    private ulong FindFree(ulong length, ulong largeAlignment)
    {
        ulong alignment = length >= largeAlignment ? largeAlignment : PageSize.Size4K;
        ulong end = SearchTop;
        int at = FirstEndingAfter(end - 1);
        for (int i = at; i >= 0; i--)
        {
            if (AreaAt(i) is { } above && above.StartAddress < end)
            {
                end = above.StartAddress;
            }

            ulong floor = Math.Max(i > 0 ? _areas[i - 1].EndAddress : 0, LowestAddress);
            if (end >= length)
            {
                ulong start = Alignment.Down(end - length, alignment);
                if (start >= floor)
                {
                    return start;
                }
            }
        }

        return 0;
    }
}
