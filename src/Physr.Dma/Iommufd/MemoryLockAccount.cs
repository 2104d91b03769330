// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>A count of pages against a limit. Thread-safe.</summary>
/// <param name="limitPages">The most it may ever hold, in 4 KiB pages.</param>
public sealed class MemoryLockAccount(ulong limitPages = ulong.MaxValue)
{
    private ulong _pages;

    /// <summary>The most it may ever hold, in 4 KiB pages.</summary>
    public ulong LimitPages { get; } = limitPages;

    /// <summary>What it holds, in 4 KiB pages.</summary>
    public ulong Pages => Volatile.Read(ref _pages);

    /// <summary>Adds pages; false, and nothing added, beyond the limit.</summary>
    public bool TryCharge(ulong pages)
    {
        ulong held = Volatile.Read(ref _pages);
        while (pages <= LimitPages && held <= LimitPages - pages)
        {
            ulong found = Interlocked.CompareExchange(ref _pages, held + pages, held);
            if (found == held)
            {
                return true;
            }

            held = found;
        }

        return false;
    }

    /// <summary>Takes pages off that were charged before.</summary>
    /// <exception cref="PhysrException">More than were charged.</exception>
    public void Uncharge(ulong pages)
    {
        if (Interlocked.Add(ref _pages, 0UL - pages) > ulong.MaxValue - pages)
        {
            throw new PhysrException("uncharge pages", $"{pages} pages", Errno.EINVAL, "more pages were taken off than were charged");
        }
    }
}
