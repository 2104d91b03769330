// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>A run of pages that mappings share, each page pinned once whoever maps or pins it (<c>struct iopt_pages</c>, row R73a).</summary>
/// <remarks>Where the frame of a page is found, in this order: among the frames kept for accesses; in the page table of a domain that maps it, read back
/// as software walks it; from its source, by pinning it. So a mapping costs no memory beyond the page tables, and what is unmapped from the last domain finds there which pins to end.
/// A page is pinned as long as an access or a mapping in a domain covers it. <para>The lock guards everything but the reference count and is the innermost but for the object table's.</para></remarks>
internal sealed partial class IoPages
{
    private readonly IommufdContext _context;
    private readonly Lock _lock = new();
    private readonly FrameBatch _batch = new();
    private readonly List<PhysicalRange> _pinning = [];

    /// <summary>Mappings that are in at least one domain, by their pages.</summary>
    private readonly IntervalTree<IoArea> _filled = new();

    /// <summary>What accesses pinned, by pages.</summary>
    private readonly IntervalTree<AccessSpan> _accesses = new();

    /// <summary>First frame numbers of the pages that accesses pinned (the kernel's <c>pinned_pfns</c>).</summary>
    private readonly IntervalTree<ulong> _frames = new();

    private int _references = 1;
    private ulong _pinnedPages;
    private IUserMemory _payer;

    /// <summary>Makes a run of pages, of which nothing is pinned.</summary>
    /// <param name="context">For its gate and its limits.</param>
    /// <param name="source">Where the pages come from; released with the last reference.</param>
    /// <param name="writable">Whether devices may ever write them: then they are pinned for writing from the start.</param>
    /// <param name="payer">Whom pins are charged to.</param>
    /// <param name="accounting">How.</param>
    public IoPages(IommufdContext context, PageSource source, bool writable, IUserMemory payer, PinAccounting accounting)
    {
        _context = context;
        Source = source;
        IsWritable = writable;
        _payer = payer;
        Accounting = payer.IsExemptFromLimits ? PinAccounting.None : accounting;
    }

    /// <summary>Where the pages come from.</summary>
    public PageSource Source { get; }

    /// <summary>Whether devices may write them.</summary>
    public bool IsWritable { get; }

    /// <summary>Whose limit its pins count against.</summary>
    public PinAccounting Accounting { get; }

    /// <summary>Becomes a user of the pages.</summary>
    public IoPages AddReference()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <summary>Stops being a user; the last one ends the use of their source.</summary>
    public void ReleaseReference()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Check(_pinnedPages == 0, "pages were released that are still pinned");
            Source.Release();
        }
    }

    /// <summary>Charges what is pinned to another process; false, and nothing charged, where it cannot pay.</summary>
    public bool TryChargeTo(IUserMemory successor)
    {
        lock (_lock)
        {
            return TryCharge(successor, _pinnedPages);
        }
    }

    /// <summary>Takes back a <see cref="TryChargeTo"/>.</summary>
    public void UnchargeFrom(IUserMemory successor)
    {
        lock (_lock)
        {
            Uncharge(successor, _pinnedPages);
        }
    }

    /// <summary>Lets the successor, who was charged, pay from now on; who paid before is uncharged.</summary>
    public void ChangePayer(IUserMemory successor)
    {
        lock (_lock)
        {
            Uncharge(_payer, _pinnedPages);
            _payer = successor;
        }
    }

    private static void Check(bool holds, string message)
    {
        if (!holds)
        {
            throw new PhysrException("keep account of pages", "I/O address space", Errno.EINVAL, message);
        }
    }

    /// <summary>Pins pages from their source, and pays for them first, so that no limit is passed even for a moment.</summary>
    private Errno PinFromSource(ulong index, ulong count)
    {
        bool isOwned = !Source.IsDeviceMemory;
        if (!_context.Passes("pin pages") || (isOwned && !TryCharge(_payer, count)))
        {
            return Errno.ENOMEM;
        }

        _pinning.Clear();
        Errno errno = Source.TryPin(index, count, IsWritable, _pinning);
        if (errno != Errno.None)
        {
            Uncharge(_payer, isOwned ? count : 0);
            return errno;
        }

        _pinnedPages += isOwned ? count : 0;
        foreach (PhysicalRange frames in _pinning)
        {
            ulong pages = frames.Length >> PageSize.Shift4K;
            _batch.Add(index, pages, frames.Start.Value >> PageSize.Shift4K, isOwned);
            index += pages;
            count -= pages;
        }

        Check(count == 0, "a source pinned other pages than it was asked for");
        return Errno.None;
    }

    /// <summary>Ends the pins of the batch's runs that are owned, from one of them on.</summary>
    private void UnpinBatch(int from = 0)
    {
        foreach (FrameRun run in _batch.Runs[from..])
        {
            if (run.IsOwned)
            {
                Unpin(run.Bytes);
            }
        }

        _batch.Clear();
    }

    private void Unpin(PhysicalRange frames)
    {
        ulong count = frames.Length >> PageSize.Shift4K;
        Check(_pinnedPages >= count, "more pins ended than began");
        _pinnedPages -= count;
        Source.Unpin(frames, IsWritable);
        Uncharge(_payer, count);
    }

    private bool TryCharge(IUserMemory payer, ulong pages)
    {
        MemoryLockAccount? limited = Limited(payer);
        if (limited is not null && !limited.TryCharge(pages))
        {
            return false;
        }

        if (payer.Pinned.TryCharge(pages))
        {
            return true;
        }

        limited?.Uncharge(pages);
        return false;
    }

    private void Uncharge(IUserMemory payer, ulong pages)
    {
        Limited(payer)?.Uncharge(pages);
        payer.Pinned.Uncharge(pages);
    }

    private MemoryLockAccount? Limited(IUserMemory payer) => Accounting switch
    {
        PinAccounting.User => payer.UserLocked,
        PinAccounting.Process => payer.Locked,
        _ => null,
    };
}
