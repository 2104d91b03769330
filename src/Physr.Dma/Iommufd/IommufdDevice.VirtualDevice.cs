// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdDevice
{
    private VirtualDevice? _virtual;

    /// <summary>The name under which a guest knows it; null where none does.</summary>
    public VirtualDevice? VirtualDevice => Volatile.Read(ref _virtual);

    /// <summary>Becomes known to a guest, under one name at a time.</summary>
    /// <returns><see cref="Errno.EEXIST"/> where it is known already, <see cref="Errno.ENOENT"/> once it is unbound; what the virtual IOMMU answers.</returns>
    internal Errno BecomeVirtual(VirtualDevice made)
    {
        lock (_lock)
        {
            if (_unbound)
            {
                return Errno.ENOENT;
            }

            if (_virtual is not null)
            {
                return Errno.EEXIST;
            }

            Errno errno = made.VirtualIommu.Add(made);
            if (errno == Errno.None)
            {
                Volatile.Write(ref _virtual, made);
                Context.Publish(made);
            }

            return errno;
        }
    }

    internal void VirtualDeviceLeft(VirtualDevice gone) => Interlocked.CompareExchange(ref _virtual, null, gone);

    /// <summary>Ends the virtual device; returns once it is gone, whoever ended it.</summary>
    private void BuryVirtualDevice()
    {
        SpinWait wait = default;
        while (VirtualDevice is { } left)
        {
            if (left.TryRetire())
            {
                Context.Bury(left);
            }

            wait.SpinOnce();
        }
    }
}
