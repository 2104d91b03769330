// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <summary>A file whose bytes are memory already (file-system DAX, device DAX): its pages are mapped where they are.</summary>
/// <remarks>What maps or holds its pages needs page descriptors, from a pagemap that is there, or made when somebody maps the file (<see cref="IDaxExtents.Describe"/>). Where its bytes lie changes only
/// by <see cref="TryChangeLayout(ulong, ulong, bool, Func{Errno}, CancellationToken)"/>.</remarks>
public sealed unsafe partial class DaxFile : MemoryFile
{
    // SAFETY: a page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it.

    private readonly IDaxExtents _extents;
    private readonly AreaLock _layout = new();

    /// <summary>Makes a file of a run of a pagemap's frames.</summary>
    /// <param name="memory">Must know the bytes: <see cref="PhysicalMemory.AttachBytes"/>.</param>
    /// <param name="name">As <c>maps</c> shows it.</param>
    /// <param name="pagemap">Registered, of type <see cref="MemoryType.FsDax"/> or <see cref="MemoryType.Generic"/>.</param>
    /// <param name="first">The first frame.</param>
    /// <param name="length">Bytes.</param>
    /// <exception cref="ArgumentException">Another type of memory, or frames that are not all of the pagemap.</exception>
    public DaxFile(PhysicalMemory memory, string name, Pagemap pagemap, PageFrameNumber first, ulong length)
        : this(memory, name, new PagemapExtents(first, length))
    {
        ArgumentNullException.ThrowIfNull(pagemap);
        ArgumentOutOfRangeException.ThrowIfZero(length);
        if (pagemap.Type is not (MemoryType.FsDax or MemoryType.Generic))
        {
            throw new ArgumentException($"{pagemap} is not memory that files are made of: {MemoryType.FsDax} or {MemoryType.Generic} is right.", nameof(pagemap));
        }

        ulong pages = (length + PageSize.Size4K - 1) >> PageSize.Shift4K;
        if (!pagemap.IsValidFrame(first) || !pagemap.IsValidFrame(first.Add(pages - 1)))
        {
            throw new ArgumentException($"{first} and the {pages} pages from there are not all of {pagemap}.", nameof(first));
        }

        pagemap.PageIdle += DaxIdle.OnPageIdle;
    }

    /// <summary>Makes a file of what a file system says.</summary>
    /// <param name="memory">Must know the bytes: <see cref="PhysicalMemory.AttachBytes"/>.</param>
    /// <param name="name">As <c>maps</c> shows it.</param>
    /// <param name="extents">Where its bytes lie.</param>
    public DaxFile(PhysicalMemory memory, string name, IDaxExtents extents)
        : base(memory, name)
    {
        ArgumentNullException.ThrowIfNull(extents);
        _extents = extents;
    }

    /// <inheritdoc/>
    public override MemoryFileKind Kind => MemoryFileKind.Dax;

    /// <inheritdoc/>
    public override ulong Length => _extents.Length;

    /// <summary>Tell this to the pagemaps of file-system memory that are registered for it: a page became idle, and whoever waits to truncate looks again (row R83b).</summary>
    public static FolioFreeCallback PageIdle { get; } = DaxIdle.OnPageIdle;

    internal override bool WantsWriteNotify => _extents.WantsWriteNotify;

    internal override bool AllowsSharedWrites => _extents.AllowsSharedWrites;

    /// <summary>Keeps where the bytes lie as it is, for the time of a fault.</summary>
    internal AreaLock Layout => _layout;

    /// <inheritdoc/>
    internal override Errno TryGetPage(ulong index, MemoryGroup? group, bool mayFill, out Page page)
    {
        Errno errno = TryGetPage(index, order: 0, out page, out _);
        return errno == Errno.None && page.IsNull ? Errno.ENOENT : errno;
    }

    /// <summary>The page at a place, with a reference; none for a hole that is only read, or where no large page can be had.</summary>
    /// <param name="index">Which; for a large page, its first.</param>
    /// <param name="order">0, or 9 for 2 MiB at once.</param>
    /// <param name="page">The page.</param>
    /// <param name="extent">Where it lies.</param>
    internal Errno TryGetPage(ulong index, int order, out Page page, out DaxExtent extent)
    {
        page = default;
        Errno errno = _extents.TryFind(index, out extent);
        ulong pages = 1UL << order;
        if (errno != Errno.None || extent.IsHole || extent.Pages < pages || (extent.Frame.Value & (pages - 1)) != 0)
        {
            return errno;
        }

        if (!TryHold(extent.Frame, order, out page, out bool isDescribed) && !isDescribed)
        {
            errno = _extents.Describe(index, pages);
            isDescribed = errno == Errno.None && (TryHold(extent.Frame, order, out page, out bool isNow) || isNow);
            errno = errno == Errno.None && !isDescribed ? Errno.EFAULT : errno;
        }

        if (errno == Errno.None && !page.IsNull)
        {
            Associate(index, order, page);
        }

        return errno == Errno.None && page.IsNull && order == 0 ? Errno.ENXIO : errno;
    }

    /// <summary>Gives a page a place of the file's own, so that a store through a mapping reaches it and nothing else. Nobody else's fault is under way meanwhile: none can map the old place after
    /// it was left.</summary>
    internal Errno TryOwnPage(ulong index)
    {
        _layout.EnterWrite();
        try
        {
            DaxExtent extent = default;
            Errno errno = index < PageCount ? _extents.TryFind(index, out extent) : Errno.ENXIO;
            if (errno != Errno.None || (!extent.IsHole && !extent.IsShared))
            {
                return errno;
            }

            // Before the page moves: no store may reach the old place once its bytes were copied.
            AddressSpace.ZapFile(this, index, 1, evenOwnCopies: false);
            errno = _extents.TryOwn(index);
            if (errno == Errno.None)
            {
                LeaveEntry(index);
            }

            return errno;
        }
        finally
        {
            _layout.ExitWrite();
        }
    }

    /// <inheritdoc/>
    internal override bool IsResident(ulong index) => index < PageCount && _extents.TryFind(index, out DaxExtent extent) == Errno.None && !extent.IsHole;

    /// <inheritdoc/>
    internal override Errno Prepare(ulong index, ulong pages)
    {
        ulong end = Math.Min(index + pages, PageCount);
        return _extents is PagemapExtents || index >= end ? Errno.None : _extents.Describe(index, end - index);
    }

    /// <inheritdoc/>
    internal override void LastAreaGone() => DropIdle();

    private protected override void Release()
    {
        DropIdle();
        lock (_entries)
        {
            if (_entries.Count != 0)
            {
                throw new PhysrException("dispose of file", Name, Errno.EBUSY, $"{_entries.Count} of its pages are held");
            }
        }
    }

    private bool TryHold(PageFrameNumber frame, int order, out Page page, out bool isDescribed)
    {
        page = default;
        isDescribed = Memory.Map.TryGetPagemap(frame, out PagemapReference reference);
        if (!isDescribed)
        {
            return false;
        }

        using (reference)
        {
            if (!reference.Pagemap.TryGetPage(frame, out DevicePage device) || !(order == 0 ? device.TryGet() : device.TryGetLarge(order)))
            {
                return false;
            }
        }

        page = Memory.PageOf(PageKey.Of(frame));
        return true;
    }
}
