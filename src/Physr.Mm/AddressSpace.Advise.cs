// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <content>Advice (<c>madvise</c>).</content>
public sealed partial class AddressSpace
{
    /// <summary>Tells of a range of memory, or has something done with it.</summary>
    /// <param name="address">A multiple of 4 KiB.</param>
    /// <param name="length">Bytes, rounded up to whole pages; zero does nothing.</param>
    /// <param name="advice">What.</param>
    /// <returns><see cref="Errno.EINVAL"/> for another address, a range that wraps, unknown advice, or an area that it does not fit; <see cref="Errno.ENOMEM"/> where the range has holes (the
    /// rest is done) or memory is short; <see cref="Errno.EFAULT"/> where pages to populate cannot be had; <see cref="Errno.EHWPOISON"/> where they are lost.</returns>
    public Errno TryAdvise(VirtualAddress address, ulong length, MemoryAdvice advice)
    {
        ThrowIfDisposed();
        if (!Enum.IsDefined(advice) || !address.IsAligned(PageSize.Size4K))
        {
            return Errno.EINVAL;
        }

        ulong rounded = unchecked((length + PageSize.Size4K - 1) & ~(PageSize.Size4K - 1));
        ulong end = unchecked(address.Value + rounded);
        if ((length != 0 && rounded == 0) || end < address.Value)
        {
            return Errno.EINVAL;
        }

        return rounded == 0 ? Errno.None
            : ChangesAreas(advice) ? Locked(address.Value, end, advice, isWrite: true)
            : Locked(address.Value, end, advice, isWrite: false);
    }

    private static bool ChangesAreas(MemoryAdvice advice) => advice is MemoryAdvice.Normal or MemoryAdvice.Random or MemoryAdvice.Sequential or MemoryAdvice.DontFork
        or MemoryAdvice.DoFork or MemoryAdvice.HugePage or MemoryAdvice.NoHugePage or MemoryAdvice.WipeOnFork or MemoryAdvice.KeepOnFork;

    private Errno Locked(ulong start, ulong end, MemoryAdvice advice, bool isWrite)
    {
        if (isWrite)
        {
            EnterLiveForWriting();
        }
        else
        {
            EnterLive();
        }

        try
        {
            return advice is MemoryAdvice.PopulateRead or MemoryAdvice.PopulateWrite
                ? PopulateLocked(start, end, advice == MemoryAdvice.PopulateWrite, ignoreHoles: false)
                : advice == MemoryAdvice.HwPoison ? PoisonRange(start, end)
                : AdviseAreas(start, end, advice);
        }
        finally
        {
            if (isWrite)
            {
                _lock.ExitWrite();
            }
            else
            {
                _lock.ExitRead();
            }
        }
    }

    private Errno AdviseAreas(ulong start, ulong end, MemoryAdvice advice)
    {
        Errno holes = Errno.None;
        ulong at = start;
        while (at < end)
        {
            VirtualMemoryArea? area = AreaAt(FirstEndingAfter(at));
            if (area is null || area.StartAddress >= end)
            {
                return Errno.ENOMEM;
            }

            if (area.StartAddress > at)
            {
                holes = Errno.ENOMEM;
                at = area.StartAddress;
            }

            ulong stop = Math.Min(end, area.EndAddress);
            Errno errno = AdviseArea(area, at, stop, advice);
            if (errno != Errno.None)
            {
                return errno;
            }

            at = stop;
        }

        return holes;
    }

    private Errno AdviseArea(VirtualMemoryArea area, ulong start, ulong end, MemoryAdvice advice)
    {
        switch (advice)
        {
            case MemoryAdvice.DontNeed:
                if (area.Has(VmFlags.Locked | VmFlags.PfnMap))
                {
                    return Errno.EINVAL;
                }

                NotifyAndZap(area, start, end, NotifierEvent.Clear, ZapMode.Pages);
                return Errno.None;
            case MemoryAdvice.Free:
                return area.IsAnonymous ? LazyFree(area, start, end) : Errno.EINVAL;
            case MemoryAdvice.GuardInstall:
                return InstallGuards(area, start, end);
            case MemoryAdvice.GuardRemove:
                return RemoveGuards(area, start, end);
            case MemoryAdvice.PageOut:
                if (area.Has(VmFlags.Locked | VmFlags.PfnMap))
                {
                    return Errno.EINVAL;
                }

                PageOut(area, start, end);
                return Errno.None;
            case MemoryAdvice.WillNeed:
                return area.IsAnonymous ? Errno.None : ReadAhead(area, start, end);
            default:
                return AdviseFlags(area, start, end, advice);
        }
    }

    private Errno AdviseFlags(VirtualMemoryArea area, ulong start, ulong end, MemoryAdvice advice)
    {
        VmFlags flags = area.Flags;
        switch (advice)
        {
            case MemoryAdvice.Normal:
                flags &= ~(VmFlags.RandomRead | VmFlags.SequentialRead);
                break;
            case MemoryAdvice.Random:
                flags = (flags & ~VmFlags.SequentialRead) | VmFlags.RandomRead;
                break;
            case MemoryAdvice.Sequential:
                flags = (flags & ~VmFlags.RandomRead) | VmFlags.SequentialRead;
                break;
            case MemoryAdvice.DontFork:
                flags |= VmFlags.DontCopy;
                break;
            case MemoryAdvice.DoFork when area.Has(VmFlags.Io):
                return Errno.EINVAL;
            case MemoryAdvice.DoFork:
                flags &= ~VmFlags.DontCopy;
                break;
            case MemoryAdvice.WipeOnFork when !area.IsAnonymous || area.Has(VmFlags.Shared):
                return Errno.EINVAL;
            case MemoryAdvice.WipeOnFork:
                flags |= VmFlags.WipeOnFork;
                break;
            case MemoryAdvice.KeepOnFork:
                flags &= ~VmFlags.WipeOnFork;
                break;
            case MemoryAdvice.HugePage when area.Has(VmFlags.Special):
                return Errno.EINVAL;
            case MemoryAdvice.HugePage:
                flags = (flags & ~VmFlags.NoHugePage) | VmFlags.HugePage;
                break;
            case MemoryAdvice.NoHugePage:
                flags = (flags & ~VmFlags.HugePage) | VmFlags.NoHugePage;
                break;
        }

        return flags == area.Flags ? Errno.None : Modify(area, start, end, flags, out _);
    }
}
