// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

public sealed partial class IoAddressSpace
{
    /// <summary>Cuts mappings in two, for VFIO type 1 version 1, which may unmap a part (<c>iopt_cut_iova</c>). What is pinned and mapped stays as it is.</summary>
    /// <param name="boundaries">Each becomes the first address of a mapping, where one goes across it.</param>
    /// <returns><see cref="Errno.EINVAL"/> where a boundary is not aligned, or large leaves are allowed and a page table follows; <see cref="Errno.EBUSY"/> for a mapping
    /// that an access pinned or another call works on; <see cref="Errno.ENOMEM"/>; <see cref="Errno.ENOENT"/> once it is destroyed. Cuts made before an error stay: they change no translation.</returns>
    public Errno CutAt(ReadOnlySpan<DmaAddress> boundaries)
    {
        if (!TryUse())
        {
            return Errno.ENOENT;
        }

        _domainsLock.EnterShared();
        _areasLock.EnterAlone();
        Errno errno = Errno.None;
        for (int i = 0; errno == Errno.None && i < boundaries.Length; i++)
        {
            errno = CutLocked(boundaries[i].Value);
        }

        _areasLock.ExitAlone();
        _domainsLock.ExitShared();
        EndUse();
        return errno;
    }

    private Errno CutLocked(ulong iova)
    {
        if (!_space.Areas.TryFirst(iova, iova, out IntervalNode<IoArea>? node) || node.First == iova)
        {
            return Errno.None;
        }

        IoArea area = node.Value;
        if (area.Pages is null || area.AccessCount != 0 || area.LockCount != 0)
        {
            return Errno.EBUSY;
        }

        if ((iova & (_space.Alignment - 1)) != 0 || (_allowsHugePages && _domains.Count != 0))
        {
            return Errno.EINVAL;
        }

        if (!Context.Passes("half of a mapping"))
        {
            return Errno.ENOMEM;
        }

        IoArea lower = new(area.First, iova - 1, area.ByteOffset, area.Access) { Pages = area.Pages };
        IoArea upper = new(iova, area.Last, area.ByteOffset + (iova - area.First), area.Access) { Pages = area.Pages.AddReference() };
        area.Pages.Cut(area, lower, upper);
        area.Pages = null;
        _space.Areas.Remove(node);
        lower.Node = _space.Areas.Insert(lower.First, lower.Last, lower);
        upper.Node = _space.Areas.Insert(upper.First, upper.Last, upper);
        return Errno.None;
    }
}
