// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>An open VFIO device, <c>/dev/vfio/devices/vfioN</c>: it does nothing before it is bound to an iommufd context, and reaches memory only while attached to a page table
/// of it. Thread-safe.</summary>
public sealed class VfioDeviceFile : IDisposable
{
    private readonly Lock _lock = new();
    private readonly IIommuDevice _hardware;
    private readonly VfioDeviceInfo _info;
    private IommufdDevice? _bound;
    private bool _isClosed;

    /// <summary>Opens a device.</summary>
    /// <param name="hardware">The device.</param>
    /// <param name="info">What it says of itself.</param>
    public VfioDeviceFile(IIommuDevice hardware, VfioDeviceInfo info)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        _hardware = hardware;
        _info = info;
    }

    /// <summary>Binds it to a context, once (<c>VFIO_DEVICE_BIND_IOMMUFD</c>).</summary>
    /// <param name="flags">None are known.</param>
    /// <param name="context">The context behind the file that the caller named; null where that is no iommufd.</param>
    /// <param name="deviceId">The device's id in the context.</param>
    /// <returns><see cref="Errno.EINVAL"/> for a flag or a second time; <see cref="Errno.EBADF"/> for no context; what binding answers.</returns>
    public Errno Bind(uint flags, IommufdContext? context, out uint deviceId)
    {
        deviceId = 0;
        if (flags != 0)
        {
            return Errno.EINVAL;
        }

        if (context is null)
        {
            return Errno.EBADF;
        }

        lock (_lock)
        {
            if (_bound is not null || _isClosed)
            {
                return Errno.EINVAL;
            }

            Errno errno = context.Bind(_hardware, out _bound);
            deviceId = _bound?.Id ?? 0;
            return errno;
        }
    }

    /// <summary>Asks the device what it is (<c>VFIO_DEVICE_GET_INFO</c>).</summary>
    /// <returns><see cref="Errno.EINVAL"/> before it is bound: nobody may use a device that reaches memory nobody chose.</returns>
    public Errno GetInfo(out VfioDeviceInfo info)
    {
        lock (_lock)
        {
            info = _bound is null ? default : _info;
            return _bound is null ? Errno.EINVAL : Errno.None;
        }
    }

    /// <summary>Attaches it to a page table or an I/O address space, or moves it there (<c>VFIO_DEVICE_ATTACH_IOMMUFD_PT</c>).</summary>
    /// <param name="pt">Which; afterwards the page table that it is attached to.</param>
    /// <param name="pasid">Which of the device's address spaces; 0 is its own.</param>
    /// <returns><see cref="Errno.EINVAL"/> before it is bound, <see cref="Errno.ENOENT"/> for no such object; what attaching answers.</returns>
    public Errno Attach(ref uint pt, uint pasid = 0)
    {
        lock (_lock)
        {
            if (_bound is null)
            {
                return Errno.EINVAL;
            }

            Errno errno = _bound.Context.Find(pt, out IommufdObject? on);
            if (errno == Errno.None)
            {
                errno = _bound.AttachedTo(pasid) is null ? _bound.Attach(on!, pasid) : _bound.Replace(on!, pasid);
            }

            pt = errno == Errno.None ? _bound.AttachedTo(pasid)!.Id : pt;
            return errno;
        }
    }

    /// <summary>Blocks it from memory (<c>VFIO_DEVICE_DETACH_IOMMUFD_PT</c>); does nothing where it is.</summary>
    /// <returns><see cref="Errno.EINVAL"/> before it is bound.</returns>
    public Errno Detach(uint pasid = 0)
    {
        lock (_lock)
        {
            _bound?.Detach(pasid);
            return _bound is null ? Errno.EINVAL : Errno.None;
        }
    }

    /// <summary>Closes it: it is detached and unbound. A second call does nothing.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _bound?.Unbind();
            _bound = null;
        }
    }
}
