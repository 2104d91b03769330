// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mapping;

namespace Physr.Dma;

/// <content>Memory that a device and the CPU both see at once.</content>
public sealed partial class DmaMapper
{
    private static readonly byte[] s_zeroes = new byte[PageSize.Size4K];

    private readonly IHostMemory? _hostMemory;

    /// <inheritdoc/>
    public DmaMapError? TryAllocateCoherent(DmaDevice device, ulong length, DmaAttributes attributes, out CoherentMemory? memory)
    {
        ArgumentNullException.ThrowIfNull(device);
        memory = null;
        if (_hostMemory is not { } host)
        {
            return new(Errno.EOPNOTSUPP, $"{device}: the mapper was given no memory to allocate from");
        }

        if (length - 1 >= MappingRecord.MaxLength - PageSize.Size4K || (attributes & DmaAttributes.Mmio) != DmaAttributes.None)
        {
            return new(Errno.EINVAL, $"{device}: coherent memory of {length} bytes, {attributes}");
        }

        ulong size = Alignment.Up(length, Math.Max(PageSize.Size4K, device.Domain?.Iova.Granule ?? 0));
        if (!TryAdmit())
        {
            return NoCoherent(device, size, Errno.ENOMEM);
        }

        // Without an IOMMU the device must reach the RAM itself; behind one any RAM will do.
        PhysicalAddress last = new(device.Domain is null ? device.Mask : ulong.MaxValue);
        Errno errno = Passes("coherent memory") ? host.TryAllocate(size, last, "coherent memory", out PhysicalRange range) : NoRange(out range);
        if (errno == Errno.None)
        {
            for (ulong done = 0; done < size; done += PageSize.Size4K)
            {
                host.Write(range.Start.Add(done), s_zeroes);
            }

            errno = AttachCoherent(device, range, attributes, out memory);
            if (errno != Errno.None)
            {
                host.Free(range);
            }
        }

        if (errno != Errno.None)
        {
            Leave();
            return NoCoherent(device, size, errno);
        }

        MapperThread.Current.Count(this, device, 1, (long)size);
        return null;
    }

    private Errno AttachCoherent(DmaDevice device, PhysicalRange range, DmaAttributes attributes, out CoherentMemory? memory)
    {
        if (device.Domain is not { } domain)
        {
            memory = new(device, range, new(range.Start.Value), () => EndCoherent(device, range));
            return Errno.None;
        }

        memory = null;
        ulong offset = range.Start.Value & (domain.Iova.Granule - 1);
        ulong size = Alignment.Up(offset + range.Length, domain.Iova.Granule);
        DmaAddress start = default;
        Errno errno = Passes("IO virtual addresses") ? domain.TryAllocate(size, device.Mask, out start) : Errno.ENOMEM;
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = MapWhole(domain, start, new(range.Start.Value - offset), size, DmaDirection.Bidirectional, attributes);
        if (errno != Errno.None)
        {
            domain.Iova.Free(start, size);
            return errno;
        }

        domain.Ledger.Open(start).Open(MappingKind.Owned, device.Ordinal, offset, range.Length);
        memory = new(device, range, new(start.Value + offset), () =>
        {
            domain.Ledger.Find(start).TryClose(MappingKind.Owned, device.Ordinal, offset, range.Length);
            EndRun(device, domain, start, size, MapperThread.Current, DmaDirection.Bidirectional, attributes);
            EndCoherent(device, range);
        });
        return Errno.None;
    }

    private void EndCoherent(DmaDevice device, PhysicalRange range)
    {
        _hostMemory!.Free(range);
        Undone(device, range.Length);
    }

    private static Errno NoRange(out PhysicalRange range)
    {
        range = default;
        return Errno.ENOMEM;
    }

    private static DmaMapError NoCoherent(DmaDevice device, ulong size, Errno errno) =>
        new(errno, $"{device}: no {size} bytes of coherent memory within its mask 0x{device.Mask:x}, or no address for them");
}
