// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

public sealed partial class MemoryMap
{
    /// <summary>Raised once for each page that the generic handling poisons: whoever keeps page tables kills the mappers (row R89d).</summary>
    public event Action<DevicePage, MemoryFailureFlags>? PagePoisoned;

    /// <summary>Raised where the last reference to a charged page of a device goes, before it can be handed out again.</summary>
    internal event Action<DevicePage>? PageReleased;

    /// <summary>Reports that the hardware lost memory of a device (the kernel's <c>memory_failure</c> for ZONE_DEVICE, row R89).</summary>
    /// <remarks>The pagemap's callback is asked first; where it has none, or answers <see cref="Errno.EOPNOTSUPP"/>, the generic handling follows: private and
    /// coherent pages cannot be recovered, others are poisoned and their mappers killed.</remarks>
    /// <param name="frame">The first lost frame.</param>
    /// <param name="pages">How many frames, at least 1.</param>
    /// <param name="flags">What was going on.</param>
    /// <returns><see cref="Errno.None"/> when handled; <see cref="Errno.ENXIO"/> where no live pagemap is, in the frames that hold descriptors, and for private and
    /// coherent memory; else the callback's own failure.</returns>
    public Errno ReportMemoryFailure(PageFrameNumber frame, ulong pages = 1, MemoryFailureFlags flags = MemoryFailureFlags.None)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pages);
        if (!TryGetPagemap(frame, out PagemapReference reference))
        {
            return Errno.ENXIO;
        }

        using (reference)
        {
            Pagemap pagemap = reference.Pagemap;
            for (ulong i = 0; i < pages; i++)
            {
                if (!pagemap.IsValidFrame(frame.Add(i)))
                {
                    Warn($"{pagemap}: {frame.Add(i)} holds page descriptors or lies outside: not recoverable");
                    return Errno.ENXIO;
                }
            }

            Errno errno = pagemap.MemoryFailure?.Invoke(pagemap, frame, pages, flags) ?? Errno.EOPNOTSUPP;
            return errno == Errno.EOPNOTSUPP ? PoisonGenerically(pagemap, frame, pages, flags) : errno;
        }
    }

    private Errno PoisonGenerically(Pagemap pagemap, PageFrameNumber frame, ulong pages, MemoryFailureFlags flags)
    {
        if (pagemap.Attributes.CountsReferencesPerAllocation)
        {
            return Errno.ENXIO;
        }

        for (ulong i = 0; i < pages; i++)
        {
            if (!pagemap.TryGetPage(frame.Add(i), out DevicePage page))
            {
                continue;
            }

            // Poison is the head's: a deduplicated tail has no descriptor of its own to carry it. File-system pages are large only for a while, and each keeps its own.
            DevicePage lost = pagemap.Type == MemoryType.FsDax ? page : page.Head;
            if (lost.TryPoison())
            {
                page.Head.Set(lost != page.Head ? PageFlags.PartPoisoned : PageFlags.None);
                PagePoisoned?.Invoke(lost, flags | MemoryFailureFlags.MustKill);
            }
        }

        return Errno.None;
    }

    internal void OnPageReleased(DevicePage page) => PageReleased?.Invoke(page);
}
