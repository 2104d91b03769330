// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdDevice
{
    /// <summary>Attaches one of its address spaces.</summary>
    /// <param name="table">A page table; or an I/O address space, and then the device gets an automatic page table, shared with devices that it fits.</param>
    /// <param name="pasid">Which address space of the device; 0 is its own.</param>
    /// <returns><see cref="Errno.EBUSY"/> where it is attached there already, <see cref="Errno.EINVAL"/> where it is attached elsewhere, does not fit or has no such
    /// PASID; <see cref="Errno.ENOENT"/> for what is gone; <see cref="Errno.EADDRINUSE"/> where the device reserves what is mapped or allowed; what filling answers.</returns>
    public Errno Attach(IommufdObject table, uint pasid = 0) => Change(table, pasid, isReplacing: false);

    /// <summary>Attaches it elsewhere without a moment between in which it is blocked.</summary>
    /// <inheritdoc cref="Attach"/>
    /// <returns><see cref="Errno.EINVAL"/> where it is not attached; else as <see cref="Attach"/>. On failure it stays where it was.</returns>
    public Errno Replace(IommufdObject table, uint pasid = 0) => Change(table, pasid, isReplacing: true);

    /// <summary>Blocks one of its address spaces; does nothing where it is blocked.</summary>
    public void Detach(uint pasid = 0)
    {
        lock (_lock)
        {
            DetachLocked(pasid);
        }

        AnswerCancelled();
    }

    private Errno Change(IommufdObject table, uint pasid, bool isReplacing)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (!ReferenceEquals(table.Context, Context) || (pasid != 0 && (Hardware.PasidBits is 0 or > 20 || pasid >> Hardware.PasidBits != 0)))
        {
            return Errno.EINVAL;
        }

        if (!table.TryUse())
        {
            return Errno.ENOENT;
        }

        Errno errno;
        lock (_lock)
        {
            errno = ChangeLocked(table, pasid, isReplacing);
        }

        AnswerCancelled();
        table.EndUse();
        return errno;
    }

    /// <summary>Points an address space of the device at a page table; its lock is held.</summary>
    internal Errno SwitchLocked(HardwarePageTable table, uint pasid, HardwarePageTable? old)
    {
        if (ReferenceEquals(table, old))
        {
            return Errno.None;
        }

        IoAddressSpace ioas = table.Paging.Ioas;
        if (!FitsPasids(table, pasid))
        {
            return Errno.EINVAL;
        }

        if (table.Paging.Flags.HasFlag(IommuDomainFlags.DirtyTracking) && !Hardware.Capabilities.HasFlag(IommuCapabilities.DirtyTracking))
        {
            return Errno.EINVAL;
        }

        if (!Context.Passes("attachment"))
        {
            return Errno.ENOMEM;
        }

        if (!table.TryUse())
        {
            return Errno.ENOENT;
        }

        // Only the device's own address space is kept from its reserved addresses: accesses with a PASID never reach the MSI window.
        bool reserves = pasid == 0 && !ReferenceEquals(ioas, old?.Paging.Ioas);
        Errno errno = reserves ? ioas.ReserveFor(this) : Errno.None;
        if (errno == Errno.None)
        {
            errno = table.AttachDevice(this, pasid, old);
            if (errno != Errno.None && reserves)
            {
                ioas.EndReservations(this);
            }
        }

        if (errno != Errno.None)
        {
            table.EndUse();
            return errno;
        }

        _attached[pasid] = table;
        if (old is not null)
        {
            Leave(old, pasid, endsReservations: reserves);
        }

        return Errno.None;
    }

    private Errno ChangeLocked(IommufdObject table, uint pasid, bool isReplacing)
    {
        HardwarePageTable? old = _attached.GetValueOrDefault(pasid);
        if (_unbound)
        {
            return Errno.ENOENT;
        }

        if (old is not null && !isReplacing)
        {
            return ReferenceEquals(old, table) || (old.Paging.IsAutomatic && ReferenceEquals(old.Paging.Ioas, table)) ? Errno.EBUSY : Errno.EINVAL;
        }

        return old is null && isReplacing ? Errno.EINVAL : table switch
        {
            IoAddressSpace ioas => ioas.AttachAutomatically(this, pasid, old),
            HardwarePageTable hardware => SwitchLocked(hardware, pasid, old),
            _ => Errno.EINVAL,
        };
    }

    private void DetachLocked(uint pasid)
    {
        if (_attached.Remove(pasid, out HardwarePageTable? old))
        {
            Hardware.Detach(pasid);
            Leave(old, pasid, endsReservations: pasid == 0);
        }
    }

    private void Leave(HardwarePageTable old, uint pasid, bool endsReservations)
    {
        old.DeviceLeft(this, pasid);
        if (endsReservations)
        {
            old.Paging.Ioas.EndReservations(this);
        }

        PagingHardwarePageTable paging = old.Paging;
        old.EndUse();
        if (paging.IsAutomatic && paging.TryRetire())
        {
            Context.End(paging);
        }
    }
}
