// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Bounce;

namespace Physr.Dma.Mapping;

/// <content>Mapping without an IOMMU: physical addresses, bus addresses, and slots for what lies beyond the mask.</content>
internal sealed partial class MappedList
{
    private DmaMapError? MapDirect(out DmaRangeList? addresses)
    {
        addresses = null;
        bool isIdentity = _resolved is null;
        foreach (MapPart part in Parts())
        {
            bool isReached = part.Kind == MapPartKind.Interconnect || IsWithinMask(part);
            if (!isReached && !(part.Kind == MapPartKind.Ram && _mapper.Bounce is not null))
            {
                return new(Errno.EIO, $"{_device}: 0x{part.Address:x}+0x{part.Length:x} lies beyond the device's mask 0x{_device.Mask:x}; it needs a bounce buffer or an IOMMU");
            }

            if (!isReached && (_attributes & DmaAttributes.RequireCoherent) != DmaAttributes.None)
            {
                return new(Errno.EPERM, $"{_device}: 0x{part.Address:x}+0x{part.Length:x} lies beyond the device's mask 0x{_device.Mask:x}, and may not bounce");
            }

            isIdentity &= isReached && part.IsTranslated;
        }

        // Where every address is the CPU's own, the device's list is the CPU's list: no entry is copied (row R61b).
        if (isIdentity)
        {
            addresses = DmaRangeList.Identity(_memory);
            return null;
        }

        DmaRangeListBuilder builder = new();
        foreach (MapPart part in Parts())
        {
            if (part.Kind == MapPartKind.Interconnect || IsWithinMask(part))
            {
                Append(builder, part);
            }
            else if (BounceBeyondMask(part, builder) is { } error)
            {
                return error;
            }
        }

        addresses = builder.Build();
        return null;
    }

    /// <summary>What the mask reaches stays where it is; the rest goes into slots, a run at a time.</summary>
    private DmaMapError? BounceBeyondMask(MapPart part, DmaRangeListBuilder builder)
    {
        ulong reached = part.Address <= _device.Mask ? _device.Mask - part.Address + 1 : 0;
        builder.Append(new(new(part.Address), reached));
        ulong keep = DmaMapper.KeepMask(_device);
        for (ulong done = reached; done < part.Length;)
        {
            ulong at = part.Address + done;
            PhysicalRange piece = new(new(at), Math.Min(part.Length - done, BouncePool.MaxRun - (at & keep)));
            Errno errno = _mapper.BounceWhole(_device, piece, _direction, _attributes, out PhysicalAddress slot);
            if (errno != Errno.None)
            {
                return new(errno, $"{_device}: {piece} needs {piece.Length} bytes of bounce slots within the mask 0x{_device.Mask:x}, which are not there");
            }

            (_slots ??= []).Add(slot);
            builder.Append(new(new(slot.Value), piece.Length));
            done += piece.Length;
        }

        return null;
    }

    private bool IsWithinMask(in MapPart part) => part.Address <= _device.Mask && part.Length - 1 <= _device.Mask - part.Address;

    private static void Append(DmaRangeListBuilder builder, in MapPart part)
    {
        DmaRange range = new(new(part.Address), part.Length);
        if (part.Kind == MapPartKind.Interconnect)
        {
            builder.AppendInterconnect(range);
        }
        else
        {
            builder.Append(range, part.Kind == MapPartKind.BusAddress);
        }
    }
}
