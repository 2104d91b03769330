// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

public sealed partial class Pagemap
{
    /// <summary>Where data starts, in bytes from the start of the first range (row R8b).</summary>
    public ulong DataOffset => Altmap?.DataOffset ?? 0;

    /// <summary>Whether a frame is data of this registered pagemap; frames that hold descriptors are not (rows R5c, R8e).</summary>
    public bool IsValidFrame(PageFrameNumber frame) => Registration is { IsOffsetSpace: false } registration && registration.IsDataPage(frame.Value);

    /// <summary>The page at a data frame; false for other frames and while not registered.</summary>
    public bool TryGetPage(PageFrameNumber frame, out DevicePage page)
    {
        page = default;
        return Registration is { IsOffsetSpace: false } registration && registration.TryGetPage(frame.Value, out page);
    }

    /// <summary>The page at an offset of the private space; false for other offsets and while not registered.</summary>
    public bool TryGetPage(DevicePrivateOffset offset, out DevicePage page)
    {
        page = default;
        return Registration is { IsOffsetSpace: true } registration && registration.TryGetPage(offset.Value >> PageSize.Shift4K, out page);
    }

    /// <summary>Hands out idle private or coherent pages as one page with one reference, locked (the kernel's <c>zone_device_page_init</c>, row R12).</summary>
    /// <param name="frame">The first frame, aligned to the order inside its range.</param>
    /// <param name="order">log2 of the 4 KiB pages, 0 to <see cref="MaxMetadataOrder"/>.</param>
    /// <param name="page">The head page; default on failure.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.ENODEV"/> once killed (row R12c); <see cref="Errno.EBUSY"/> when a page is in use;
    /// <see cref="Errno.EINVAL"/> for another memory type, frame or order.</returns>
    public Errno InitializePage(PageFrameNumber frame, int order, out DevicePage page) => InitializePage(frame.Value, order, isOffset: false, out page);

    /// <summary>The same for a page of a private offset space.</summary>
    /// <inheritdoc cref="InitializePage(PageFrameNumber, int, out DevicePage)"/>
    public Errno InitializePage(DevicePrivateOffset offset, int order, out DevicePage page) => InitializePage(offset.Value >> PageSize.Shift4K, order, isOffset: true, out page);

    /// <summary>Breaks a large private page into single pages, telling <see cref="FolioSplit"/> of each (section 1.2).</summary>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EAGAIN"/> when others hold it; <see cref="Errno.EINVAL"/> for a single page;
    /// <see cref="Errno.EOPNOTSUPP"/> for memory that is not private.</returns>
    public Errno SplitPage(DevicePage head) => head.Pagemap == this ? head.Split() : Errno.EINVAL;

    /// <summary>Makes an idle P2P page an allocated one, with one reference; the pool does so for what it hands out.</summary>
    internal Errno AllocateP2PPage(PageFrameNumber frame, out DevicePage page)
    {
        page = default;
        return Registration is { Type: MemoryType.PciP2P } registration ? DevicePage.Initialize(registration, frame.Value, 0, locked: false, out page) : Errno.ENODEV;
    }

    private Errno InitializePage(ulong pageNumber, int order, bool isOffset, out DevicePage page)
    {
        page = default;
        if (Registration is not { } registration)
        {
            return Errno.ENODEV;
        }

        if (registration.References.IsKilled)
        {
            return Errno.ENODEV;
        }

        return registration.IsOffsetSpace != isOffset || !Attributes.CountsReferencesPerAllocation || order is < 0 or > MaxMetadataOrder
            ? Errno.EINVAL
            : DevicePage.Initialize(registration, pageNumber, order, locked: true, out page);
    }
}
