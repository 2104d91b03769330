// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Sharing;

/// <content>From physical ranges to the device's list (the kernel's <c>dma_buf_phys_vec_to_sgt</c>, section 1.6, row R70).</content>
public sealed partial class DmaBufMapping
{
    private IovaReservation _window;
    private DmaAddress[] _addresses = [];

    private DmaMapError? Establish()
    {
        if (Buffer.Options.AllocationGate?.TryPass("dma-buf mapping") == false)
        {
            return new(Errno.ENOMEM, $"{Buffer.Name}: no memory for a mapping");
        }

        // Held while it is mapped, so that the provider cannot go before its last mapping did.
        if (!Buffer.Provider.TryAcquire())
        {
            return new(Errno.ENODEV, $"{Buffer.Name}: {Buffer.Provider} is gone or going");
        }

        DmaMapError? error = EstablishByRoute();
        if (error is not null)
        {
            Buffer.Provider.Release();
        }

        return error;
    }

    private DmaMapError? EstablishByRoute()
    {
        if (Device is null)
        {
            Buffer.TryGetSingleRange(out PhysicalRange range);
            PrivateRange = range;
            return null;
        }

        Route = Buffer.Routes.MapTypeOf(Buffer.Provider, Device);
        switch (Route)
        {
            case P2PMapType.BusAddress:
                return EstablishBusAddresses(Device);
            case P2PMapType.ThroughHostBridge:
                return EstablishWindow(Device, out bool hasWindow) is { } refused ? refused : hasWindow ? null : EstablishEach(Device);
            default:
                string why = string.Join("; ", Buffer.Routes.Explain(Buffer.Provider, Device));
                return new(Errno.EREMOTEIO, $"{Device} can never reach {Buffer.Provider}: {why}");
        }
    }

    private DmaMapError? EstablishBusAddresses(DmaDevice device)
    {
        DmaRangeListBuilder builder = new();
        foreach (PhysicalRange range in Buffer.Ranges)
        {
            DmaRange bus = new(Buffer.Provider.BusAddress(range.Start), range.Length);
            if (bus.Last.Value > device.Mask)
            {
                return new(Errno.EIO, $"{device}: {bus} lies beyond the device's mask 0x{device.Mask:x}, and no IOMMU is on the way");
            }

            builder.Append(bus, isBusAddress: true);
        }

        Addresses = builder.Build();
        device.Count(1, (long)Buffer.Length);
        return null;
    }

    /// <summary>One window for all ranges, with one flush at the end.</summary>
    private DmaMapError? EstablishWindow(DmaDevice device, out bool hasWindow)
    {
        IDmaMapper mapper = Buffer.Mapper;
        hasWindow = mapper.TryReserve(device, Buffer.Ranges[0].Start, Buffer.Length, out _window);
        if (!hasWindow)
        {
            return null;
        }

        ulong linked = 0;
        Errno errno = Errno.None;
        foreach (PhysicalRange range in Buffer.Ranges)
        {
            errno = mapper.Link(device, ref _window, range, linked, Direction, DmaAttributes.Mmio);
            if (errno != Errno.None)
            {
                break;
            }

            linked += range.Length;
        }

        if (errno == Errno.None)
        {
            errno = mapper.Sync(device, ref _window, 0, linked);
        }

        if (errno != Errno.None)
        {
            DropWindow(device, linked);
            return new(errno, $"{device}: {Buffer.Name} could not be linked into one window of IO virtual addresses");
        }

        DmaRangeListBuilder builder = new();
        builder.Append(new(_window.Address, linked));
        Addresses = builder.Build();
        return null;
    }

    /// <summary>Without an IOMMU, or where no window is free: each range by itself.</summary>
    private DmaMapError? EstablishEach(DmaDevice device)
    {
        if (Buffer.Options.AllocationGate?.TryPass("dma-buf device list") == false)
        {
            return new(Errno.ENOMEM, $"{Buffer.Name}: no memory for the device's list");
        }

        DmaAddress[] addresses = new DmaAddress[Buffer.RangeCount];
        DmaRangeListBuilder builder = new();
        for (int i = 0; i < addresses.Length; i++)
        {
            PhysicalRange range = Buffer.Ranges[i];
            if (Buffer.Mapper.TryMapPhys(device, range, Direction, DmaAttributes.Mmio, out addresses[i]) is { } error)
            {
                DropEach(device, addresses.AsSpan(0, i));
                return error;
            }

            builder.Append(new(addresses[i], range.Length));
        }

        _addresses = addresses;
        Addresses = builder.Build();
        return null;
    }

    private void Drop()
    {
        if (Device is { } device)
        {
            if (Route == P2PMapType.BusAddress)
            {
                device.Count(-1, -(long)Buffer.Length);
            }
            else if (_window.IsReserved)
            {
                DropWindow(device, Buffer.Length);
            }
            else
            {
                DropEach(device, _addresses);
            }

            if (Route != P2PMapType.BusAddress && device.Domain is { Mode: IommuFlushMode.Lazy } lazy)
            {
                Buffer.NoteStale(lazy.Domain);
            }
        }

        Buffer.Provider.Release();
    }

    private void DropWindow(DmaDevice device, ulong linked)
    {
        IDmaMapper mapper = Buffer.Mapper;
        MustSucceed(device, linked == 0 ? mapper.Free(device, ref _window) : mapper.Destroy(device, ref _window, linked, Direction, DmaAttributes.Mmio));
    }

    private void DropEach(DmaDevice device, ReadOnlySpan<DmaAddress> addresses)
    {
        for (int i = addresses.Length - 1; i >= 0; i--)
        {
            MustSucceed(device, Buffer.Mapper.UnmapPhys(device, addresses[i], Buffer.Ranges[i].Length, Direction, DmaAttributes.Mmio));
        }
    }

    /// <summary>A mapper that does not take back what it gave leaves an address that nobody can take away: the promise is broken, and silence would hide it.</summary>
    private void MustSucceed(DmaDevice device, Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException("unmap dma-buf", Buffer.Name, errno, $"the mapper did not take back what it mapped for {device}");
        }
    }
}
