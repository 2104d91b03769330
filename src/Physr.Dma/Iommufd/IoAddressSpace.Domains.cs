// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd;

public sealed partial class IoAddressSpace
{
    /// <summary>Lets a domain follow the address space: maps in it all that is mapped here; all or nothing.</summary>
    /// <returns><see cref="Errno.EADDRINUSE"/> where a mapping is outside its aperture or not on its pages; what pinning and mapping answer.</returns>
    internal Errno AddDomain(IIommuDomain domain)
    {
        _domainsLock.EnterAlone();
        try
        {
            Errno errno = AdmitDomain(domain);
            if (errno != Errno.None)
            {
                return errno;
            }

            // Nobody maps or unmaps while the domains are ours alone, so every mapping has its pages and stays.
            List<IoArea> areas = AllAreas();
            int filled = 0;
            while (filled < areas.Count && errno == Errno.None)
            {
                IoPages pages = areas[filled].Pages!;
                errno = pages.Fill(areas[filled], new(in domain), _allowsHugePages);

                // What was taken back by its owner is nowhere translated; that keeps no device out.
                errno = errno == Errno.ENODEV && pages.Source.IsGone ? Errno.None : errno;
                filled += errno == Errno.None ? 1 : 0;
            }

            if (errno != Errno.None)
            {
                for (int i = 0; i < filled; i++)
                {
                    areas[i].Pages!.Unfill(areas[i], domain);
                }

                DismissDomain(domain);
            }

            return errno;
        }
        finally
        {
            _domainsLock.ExitAlone();
        }
    }

    /// <summary>Lets a domain follow no longer: empties it. Never fails.</summary>
    internal void RemoveDomain(IIommuDomain domain)
    {
        _domainsLock.EnterAlone();
        try
        {
            foreach (IoArea area in AllAreas())
            {
                area.Pages!.Unfill(area, domain);
            }

            DismissDomain(domain);
        }
        finally
        {
            _domainsLock.ExitAlone();
        }
    }

    /// <summary>Attaches a device to an automatic page table: one there is that fits it, or a new one. The device's lock is held.</summary>
    internal Errno AttachAutomatically(IommufdDevice device, uint pasid, HardwarePageTable? old)
    {
        lock (_automaticLock)
        {
            foreach (PagingHardwarePageTable table in AutomaticTables())
            {
                // Not fitting is a reason to try the next; one whose last device is just leaving is as good as gone.
                Errno tried = device.SwitchLocked(table, pasid, old);
                if (tried is not (Errno.EINVAL or Errno.ENOENT))
                {
                    return tried;
                }
            }

            Errno errno = Context.CreatePageTable(device, this, IommuDomainRequest.Paging(), faults: null, isAutomatic: true, out PagingHardwarePageTable? made);
            if (errno != Errno.None)
            {
                return errno;
            }

            lock (_automatic)
            {
                _automatic.Add(made!);
            }

            errno = device.SwitchLocked(made!, pasid, old);
            if (errno != Errno.None && made!.TryRetire())
            {
                Context.End(made);
            }

            return errno;
        }
    }

    /// <summary>Offers an automatic page table to no more devices.</summary>
    internal void ForgetAutomatic(PagingHardwarePageTable table)
    {
        lock (_automatic)
        {
            _automatic.Remove(table);
        }
    }

    private PagingHardwarePageTable[] AutomaticTables()
    {
        lock (_automatic)
        {
            return [.. _automatic];
        }
    }

    /// <summary>Keeps everybody from mapping, unmapping and pinning until it is thawed.</summary>
    internal void Freeze()
    {
        _domainsLock.EnterAlone();
        _areasLock.EnterAlone();
    }

    /// <summary>Lets them again.</summary>
    internal void Thaw()
    {
        _areasLock.ExitAlone();
        _domainsLock.ExitAlone();
    }

    /// <summary>Collects the pages of every mapping of a frozen address space; false where one is not of a file.</summary>
    internal bool TryCollectFiles(HashSet<IoPages> pages)
    {
        foreach (IoArea area in _space.Areas.ToList())
        {
            if (!area.Pages!.Source.IsFile)
            {
                return false;
            }

            pages.Add(area.Pages);
        }

        return true;
    }

    private List<IoArea> AllAreas()
    {
        _areasLock.EnterShared();
        List<IoArea> areas = _space.Areas.ToList();
        _areasLock.ExitShared();
        return areas;
    }

    /// <summary>Checks that what is mapped fits a domain, and keeps the addresses it cannot translate free from now on.</summary>
    private Errno AdmitDomain(IIommuDomain domain)
    {
        _areasLock.EnterAlone();
        try
        {
            if (_domains.Exists(known => ReferenceEquals(known, domain)))
            {
                return Errno.EEXIST;
            }

            if (!Context.Passes("domain"))
            {
                return Errno.ENOMEM;
            }

            _domains.Add(domain);
            Errno errno = UpdateAlignment();
            (ulong start, ulong end) = (domain.Aperture.Start.Value, domain.Aperture.End.Value);
            if (errno == Errno.None && start != 0)
            {
                errno = _space.Reserve(0, start - 1, domain);
            }

            // A range never holds the very last byte, so an aperture up to there means all of the space.
            if (errno == Errno.None && end != ulong.MaxValue)
            {
                errno = _space.Reserve(end, ulong.MaxValue, domain);
            }

            if (errno != Errno.None)
            {
                DismissDomainLocked(domain);
            }

            return errno;
        }
        finally
        {
            _areasLock.ExitAlone();
        }
    }

    private void DismissDomain(IIommuDomain domain)
    {
        _areasLock.EnterAlone();
        DismissDomainLocked(domain);
        _areasLock.ExitAlone();
    }

    private void DismissDomainLocked(IIommuDomain domain)
    {
        _domains.RemoveAll(known => ReferenceEquals(known, domain));
        _space.EndReservations(domain);
        _ = UpdateAlignment();
    }
}
