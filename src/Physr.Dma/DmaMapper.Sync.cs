// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;
using Physr.Memory;

namespace Physr.Dma;

/// <content>Synchronizing: devices and CPU see one copy of everything but what bounces.</content>
public sealed partial class DmaMapper
{
    /// <inheritdoc/>
    public Errno SyncForCpu(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction) => Sync(device, address, length, direction, forDevice: false);

    /// <inheritdoc/>
    public Errno SyncForDevice(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction) => Sync(device, address, length, direction, forDevice: true);

    private Errno Sync(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction, bool forDevice)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (length == 0 || !IsDirection(direction) || !address.TryAdd(length, out _))
        {
            return Errno.EINVAL;
        }

        return device.Domain is { } domain
            ? SyncTranslated(device, domain, address, length, direction, forDevice)
            : SyncDirect(new(address.Value), length, direction, forDevice);
    }

    private Errno SyncDirect(PhysicalAddress at, ulong length, DmaDirection direction, bool forDevice)
    {
        // A list's entry may be several runs of slots that happen to follow each other.
        Errno errno = Errno.None;
        while (length != 0 && errno == Errno.None && Bounce?.Owns(at) == true)
        {
            ulong piece = Math.Min(length, Bounce.DataAfter(at));
            errno = SyncSlot(at, piece, direction, forDevice);
            at = at.Add(piece);
            length -= piece;
        }

        return errno;
    }

    private Errno SyncTranslated(DmaDevice device, DmaDomain domain, DmaAddress address, ulong length, DmaDirection direction, bool forDevice)
    {
        if (!domain.Domain.TryTranslate(address, out IommuTranslation found))
        {
            return IsBusAddress(address) ? Errno.None : Errno.EINVAL;
        }

        if (Bounce is null || !device.IsUntrusted)
        {
            return Errno.None;
        }

        ulong end = address.Value + length;
        for (ulong at = address.Value; at < end;)
        {
            if (!domain.Domain.TryTranslate(new(at), out found))
            {
                return Errno.EINVAL;
            }

            ulong piece = found.ContiguousAfter(new(at));
            if (Bounce.Owns(found.Address))
            {
                piece = Math.Min(end - at, Bounce.DataAfter(found.Address));
                Errno errno = SyncSlot(found.Address, piece, direction, forDevice);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }

            at += piece;
        }

        return Errno.None;
    }

    private Errno SyncSlot(PhysicalAddress at, ulong length, DmaDirection direction, bool forDevice) =>
        forDevice ? Bounce!.SyncForDevice(at, length, direction) : Bounce!.SyncForCpu(at, length, direction);

    /// <summary>Whether an address is a peer's on the bus, where nothing is ever cached (row R66a).</summary>
    private bool IsBusAddress(DmaAddress address)
    {
        foreach (P2PProvider provider in Memory.Providers)
        {
            if (provider.Range.Contains(new PhysicalAddress(unchecked(address.Value - provider.BusOffset))))
            {
                return true;
            }
        }

        return false;
    }
}
