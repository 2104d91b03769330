// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Mapping;

/// <content>Mapping behind an IOMMU: one run of IO virtual addresses for the whole list, whose parts follow each other granule by granule.</content>
internal sealed partial class MappedList
{
    private DmaMapError? MapTranslated(DmaDomain domain, out DmaRangeList? addresses)
    {
        addresses = null;
        ulong granule = domain.Iova.Granule;
        ulong total = 0;
        int translated = 0;
        foreach (MapPart part in Parts())
        {
            if (part.IsTranslated)
            {
                ulong size = Span(part, granule);
                if (size > MappingRecord.MaxLength - total)
                {
                    return new(Errno.ENOMEM, $"{_device}: no run of IO virtual addresses is as long as the list");
                }

                total += size;
                translated++;
            }
            else if (part.Kind == MapPartKind.BusAddress && !IsWithinMask(part))
            {
                return new(Errno.EIO, $"{_device}: bus address 0x{part.Address:x}+0x{part.Length:x} lies beyond the device's mask 0x{_device.Mask:x}");
            }
        }

        // One run for all, flushed once when it ends; where no run is that long, each part has its own.
        bool isOneRun = total != 0 && TryOpenRun(domain, total, out _);
        if (total != 0 && !isOneRun && translated == 1)
        {
            return NoAddresses(total);
        }

        DmaRangeListBuilder builder = new();
        DmaAddress at = isOneRun ? _runs![0].Start : default;
        foreach (MapPart part in Parts())
        {
            if (!part.IsTranslated)
            {
                Append(builder, part);
                continue;
            }

            if (!isOneRun && !TryOpenRun(domain, Span(part, granule), out at))
            {
                return NoAddresses(Span(part, granule));
            }

            if (MapPart(domain, at, part) is { } error)
            {
                return error;
            }

            builder.Append(new(new(at.Value + (part.Address & (granule - 1))), part.Length));
            at = new(at.Value + Span(part, granule));
        }

        addresses = builder.Build();
        return null;
    }

    private DmaMapError? MapPart(DmaDomain domain, DmaAddress at, in MapPart part)
    {
        DmaAttributes attributes = part.Kind == MapPartKind.HostBridge ? _attributes | DmaAttributes.Mmio : _attributes;
        Errno errno = _mapper.MapRange(_device, domain, at, part.Physical, _direction, attributes, out EdgeSlots slots);
        NoteSlots(in slots);
        return errno switch
        {
            Errno.None => null,
            Errno.EPERM => new(errno, $"{_device}: {part.Physical} shares granules with bytes that an untrusted device may not see, and may not bounce"),
            Errno.EIO => new(errno, $"{_device}: {part.Physical} shares granules with bytes that an untrusted device may not see, and there is no bounce pool"),
            _ => new(errno, $"{_device}: {part.Physical}: no table page or bounce slot is free now; unmap something and try again"),
        };
    }

    private bool TryOpenRun(DmaDomain domain, ulong size, out DmaAddress start)
    {
        start = default;
        if (!_mapper.Passes("IO virtual addresses") || domain.TryAllocate(size, _device.Mask, out start) != Errno.None)
        {
            return false;
        }

        domain.Ledger.Open(start).Open(MappingKind.Owned, _device.Ordinal, 0, size);
        (_runs ??= []).Add(new(start, size));
        return true;
    }

    private DmaMapError NoAddresses(ulong size) => new(Errno.ENOMEM, $"{_device}: no run of {size} bytes of IO virtual addresses is free within its mask; unmap something and try again");

    /// <summary>The whole granules that a part is in.</summary>
    private static ulong Span(in MapPart part, ulong granule) => ((part.Address & (granule - 1)) + part.Length + granule - 1) & ~(granule - 1);
}
