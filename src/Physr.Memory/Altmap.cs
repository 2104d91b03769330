// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>Device memory set aside to hold the page descriptors of the device itself, so that they take none from RAM (the kernel's <c>vmem_altmap</c>, row R8).</summary>
/// <remarks>Layout from <see cref="Base"/>: <see cref="Reserve"/> pages of the driver, <see cref="Free"/> pages for descriptors, then data (row R8b). All
/// counts are in 4 KiB pages.</remarks>
public sealed class Altmap
{
    /// <summary>The first frame of the device range.</summary>
    public PageFrameNumber Base { get; init; }

    /// <summary>Pages the driver keeps for itself, at the start.</summary>
    public ulong Reserve { get; init; }

    /// <summary>Pages descriptors may take.</summary>
    public ulong Free { get; init; }

    /// <summary>Pages lost to alignment so far.</summary>
    public ulong Align { get; private set; }

    /// <summary>Pages taken so far; anything left after teardown is reported (row R8d).</summary>
    public ulong Allocated { get; private set; }

    /// <summary>Where data starts, in bytes from the start of the range: (reserve + free) x 4096.</summary>
    public ulong DataOffset => checked((Reserve + Free) * PageSize.Size4K);

    /// <summary>Takes pages for descriptors, aligned to the largest power of two that divides their number.</summary>
    /// <returns>False when the free pages do not suffice.</returns>
    public bool TryAllocate(ulong pages)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pages);
        ulong next = Base.Value + Reserve + Allocated + Align;
        ulong granule = pages & (0 - pages);
        ulong skipped = Alignment.Up(next, granule) - next;
        if (pages + skipped > Free - Allocated - Align)
        {
            return false;
        }

        Align += skipped;
        Allocated += pages;
        return true;
    }

    /// <summary>Gives pages back.</summary>
    /// <exception cref="PhysrException">More than were taken.</exception>
    public void Return(ulong pages)
    {
        if (pages > Allocated)
        {
            throw new PhysrException("return altmap pages", $"altmap at {Base}", Errno.EINVAL, $"{pages} pages returned, {Allocated} taken");
        }

        Allocated -= pages;
        if (Allocated == 0)
        {
            Align = 0;
        }
    }
}
