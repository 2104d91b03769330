// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>A file that is one run of a pagemap's frames (device DAX): descriptors are there before anybody maps it, and stay.</summary>
internal sealed class PagemapExtents(PageFrameNumber first, ulong length) : IDaxExtents
{
    public ulong Length => length;

    public bool WantsWriteNotify => false;

    public bool AllowsSharedWrites => true;

    public Errno TryOwn(ulong index) => Errno.None;

    public Errno TryFind(ulong index, out DaxExtent extent)
    {
        ulong pages = (length + PageSize.Size4K - 1) >> PageSize.Shift4K;
        extent = index < pages ? new(first.Add(index), pages - index) : default;
        return index < pages ? Errno.None : Errno.ENXIO;
    }

    public Errno Describe(ulong index, ulong pages) => Errno.ENXIO;

    public void Forget()
    {
    }

    public Errno Persist(ulong index, ulong pages) => Errno.None;
}
