// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd;

public sealed partial class IoAddressSpace
{
    /// <summary>Switches a domain's dirty tracking; switching it on forgets what the page table says already.</summary>
    internal Errno SetDirtyTracking(IIommuDomain domain, bool isOn)
    {
        _domainsLock.EnterShared();
        _areasLock.EnterShared();
        try
        {
            if (isOn)
            {
                IotlbGather gather = new();
                foreach (IoArea area in _space.Areas.ToList())
                {
                    Errno errno = area.Pages is null ? Errno.None : domain.ReadDirty(new(new(area.First), area.LengthLessOne + 1), clear: true, gather, static _ => { });
                    if (errno != Errno.None)
                    {
                        return errno;
                    }
                }

                domain.Sync(gather);
            }

            return domain.SetDirtyTracking(isOn);
        }
        finally
        {
            _areasLock.ExitShared();
            _domainsLock.ExitShared();
        }
    }

    /// <summary>Reports what devices wrote in a range that is wholly mapped, and forgets it if asked to; after that a new write is noted again.</summary>
    internal Errno ReadDirty(IIommuDomain domain, DmaRange range, bool clear, Action<DmaRange> dirty)
    {
        _domainsLock.EnterShared();
        _areasLock.EnterShared();
        try
        {
            if (((range.Start.Value | range.Length) & (_space.Alignment - 1)) != 0 || !IsWhollyMapped(range.Start.Value, range.Last.Value))
            {
                return Errno.EINVAL;
            }

            IotlbGather gather = new();
            Errno errno = domain.ReadDirty(range, clear, gather, dirty);
            if (!gather.IsEmpty)
            {
                domain.Sync(gather);
            }

            return errno;
        }
        finally
        {
            _areasLock.ExitShared();
            _domainsLock.ExitShared();
        }
    }

    private bool IsWhollyMapped(ulong iova, ulong last)
    {
        while (AreaAt(iova) is { } area)
        {
            if (area.Last >= last)
            {
                return true;
            }

            iova = area.Last + 1;
        }

        return false;
    }
}
