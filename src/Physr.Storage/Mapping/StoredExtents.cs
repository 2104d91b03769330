// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;

namespace Physr.Storage.Mapping;

/// <summary>Where the pages of a stored file lie, for the faults of those who map it.</summary>
internal sealed class StoredExtents(FileMount mount, MountedFile owner) : IDaxExtents
{
    private const ulong PagesPerHuge = PageSize.Size2M / PageSize.Size4K;
    private DescriptorUse[] _uses = [];

    public ulong Length => owner.File.Length;

    public bool WantsWriteNotify => true;

    public bool AllowsSharedWrites => mount.AllowsSharedWrites;

    public void Start(Action onIdle) => _uses = mount.OpenUses(owner.File.Name, onIdle);

    public Errno TryOwn(ulong index) => AllowsSharedWrites ? FileMount.During(owner, () => owner.File.TryAllocateBlock(index, out _)) : Errno.EOPNOTSUPP;

    public Errno TryFind(ulong index, out DaxExtent extent)
    {
        extent = default;
        if (index >= (Length + PageSize.Size4K - 1) >> PageSize.Shift4K)
        {
            return Errno.ENXIO;
        }

        // Only a page that may begin 2 MiB is asked what follows it.
        ulong run = owner.File.FindRun(index, index % PagesPerHuge == 0 ? PagesPerHuge : 1, out ulong offset, out bool isShared);
        if (run == 0)
        {
            extent = new(default, 1, IsHole: true);
            return Errno.None;
        }

        using RangeListBuilder list = RangeListBuilder.Rent();
        Errno direct = mount.Device.TryDirectAccess(offset, run << PageSize.Shift4K, DirectAccess.Read, list, out _);
        if (direct == Errno.EIO && run > 1)
        {
            // Something behind it is lost.
            run = 1;
            direct = mount.Device.TryDirectAccess(offset, PageSize.Size4K, DirectAccess.Read, list, out _);
        }

        if (direct != Errno.None)
        {
            return direct;
        }

        PhysicalRange first = list.Build().Seek(0).Range;
        extent = new(first.Start.Frame, Math.Min(run, first.Length >> PageSize.Shift4K), IsShared: isShared);
        return Errno.None;
    }

    public Errno Describe(ulong index, ulong pages)
    {
        using RangeListBuilder list = RangeListBuilder.Rent();
        for (ulong at = index; at < index + pages;)
        {
            ulong run = owner.File.FindRun(at, index + pages - at, out ulong offset, out _);
            if (run != 0)
            {
                // What is lost is for the touch to tell.
                Errno errno = mount.Device.TryDirectAccess(offset, run << PageSize.Shift4K, DirectAccess.Read, list, out _);
                if (errno is not (Errno.None or Errno.EIO))
                {
                    return errno;
                }
            }

            at += Math.Max(run, 1);
        }

        foreach (ProvidedRange entry in list.Build())
        {
            int backing = mount.BackingOf(entry.Range);
            Errno errno = backing < 0 ? mount.Memory.Map.CheckMmuMapping(entry.Range, out _) : _uses[backing].TryCover(entry.Range, out _);
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        return Errno.None;
    }

    public void Forget()
    {
        foreach (DescriptorUse use in _uses)
        {
            use.Release();
        }
    }

    public Errno Persist(ulong index, ulong pages) => owner.File.TrySync(index << PageSize.Shift4K, pages << PageSize.Shift4K);

    public void Close()
    {
        foreach (DescriptorUse use in _uses)
        {
            use.Dispose();
        }
    }
}
