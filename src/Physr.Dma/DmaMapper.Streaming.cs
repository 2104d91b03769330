// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Iommu;
using Physr.Dma.Mapping;
using Physr.Memory;

namespace Physr.Dma;

/// <content>The streaming form (<c>dma_map_phys</c>, row R66).</content>
/// <remarks>Each of the two calls is compiled as one method, the parts that most calls pass through inlined and the rest kept out, and never into its caller: so its code, and what it
/// costs, does not depend on who calls it. The thread's own is looked up once a call.</remarks>
public sealed partial class DmaMapper
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public DmaMapError? TryMapPhys(DmaDevice device, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, out DmaAddress address)
    {
        ArgumentNullException.ThrowIfNull(device);
        address = DmaAddress.MappingError;
        if (range.Length - 1 >= MappingRecord.MaxLength || !IsDirection(direction) || Memory.HasNumberedPrivateMemory || (attributes & ~Ordinary) != DmaAttributes.None)
        {
            return MapUncommon(device, range, direction, attributes, ref address);
        }

        Errno errno = device.Domain is { } domain
            ? MapTranslated(device, domain, range, direction, attributes, 0, ref address)
            : MapDirect(device, range, direction, attributes, ref address);
        return errno == Errno.None ? null : Refusal(device, range, attributes, errno);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public Errno UnmapPhys(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction, DmaAttributes attributes)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (length - 1 >= MappingRecord.MaxLength || !IsDirection(direction))
        {
            return Errno.EINVAL;
        }

        if ((attributes & DmaAttributes.Mmio) != DmaAttributes.None && _peers.TryRemove(device, address, length, out P2PProvider? peer))
        {
            peer!.Release();
            return Undone(device, length);
        }

        return device.Domain is { } domain
            ? UnmapTranslated(device, domain, address, length, direction, attributes)
            : UnmapDirect(device, address, length, direction, attributes);
    }

    /// <inheritdoc/>
    public bool IsMappingError(DmaDevice device, DmaAddress address)
    {
        ArgumentNullException.ThrowIfNull(device);
        return address == DmaAddress.MappingError;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno MapTranslated(
        DmaDevice device, DmaDomain domain, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, uint provider, ref DmaAddress address)
    {
        ulong inGranule = domain.InGranule;
        ulong offset = range.Start.Value & inGranule;
        ulong size = (offset + range.Length + inGranule) & ~inGranule;
        if (!TryAdmit())
        {
            return Errno.ENOMEM;
        }

        DmaAddress start = default;
        MapperThread thread = MapperThread.Current;
        Errno errno = Passes("IO virtual addresses") ? domain.TryAllocateFor(thread.Number, size, device.Mask, out start) : Errno.ENOMEM;
        if (errno == Errno.None)
        {
            bool isBounced = false;
            errno = device.IsUntrusted && ((offset | range.Length) & inGranule) != 0
                ? MapEdges(device, domain, start, range, direction, attributes, out isBounced)
                : MapWhole(domain, start, new(range.Start.Value - offset), size, direction, attributes);
            if (errno == Errno.None)
            {
                domain.Ledger.Open(start).Open(MappingKind.Streaming, device.Ordinal, offset, range.Length, isBounced, provider);
                thread.Count(this, device, 1, (long)range.Length);
                address = new(start.Value + offset);
                return Errno.None;
            }

            // Nothing is mapped there any more, and no IOTLB knows of it.
            domain.Iova.Free(start, size);
        }

        Leave();
        return errno;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno UnmapTranslated(DmaDevice device, DmaDomain domain, DmaAddress address, ulong length, DmaDirection direction, DmaAttributes attributes)
    {
        ulong inGranule = domain.InGranule;
        ulong offset = address.Value & inGranule;
        DmaAddress start = new(address.Value - offset);
        ref MappingRecord record = ref domain.Ledger.Find(start);
        bool isBounced = record.IsBounced;
        uint provider = record.Extra;
        if (!record.TryClose(MappingKind.Streaming, device.Ordinal, offset, length))
        {
            return Errno.EINVAL;
        }

        ulong size = (offset + length + inGranule) & ~inGranule;
        MapperThread thread = MapperThread.Current;
        if (!device.IsUntrusted)
        {
            domain.Unmap(start, size, thread.Gather);
            domain.ReleaseFor(thread.Number, start, size, thread.Gather);
        }
        else
        {
            EndUntrusted(device, domain, start, size, isBounced, thread, direction, attributes);
        }

        if (provider != 0)
        {
            Memory.Provider(new(provider))!.Release();
        }

        thread.Count(this, device, -1, -(long)length);
        Leave();
        return Errno.None;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndUntrusted(
        DmaDevice device, DmaDomain domain, DmaAddress start, ulong size, bool isBounced, MapperThread thread, DmaDirection direction, DmaAttributes attributes)
    {
        if (isBounced)
        {
            NoteEdges(domain, start, size, thread);
        }

        EndRun(device, domain, start, size, thread, direction, attributes);
    }

    private Errno MapDirect(DmaDevice device, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, ref DmaAddress address)
    {
        if (!TryAdmit())
        {
            return Errno.ENOMEM;
        }

        PhysicalAddress at = range.Start;
        Errno errno = range.Last.Value <= device.Mask ? Errno.None : BounceWhole(device, range, direction, attributes, out at);
        if (errno != Errno.None)
        {
            Leave();
            return errno;
        }

        MapperThread.Current.Count(this, device, 1, (long)range.Length);
        address = new(at.Value);
        return Errno.None;
    }

    private Errno UnmapDirect(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction, DmaAttributes attributes)
    {
        PhysicalAddress at = new(address.Value);
        if (address.Value > device.Mask || length - 1 > device.Mask - address.Value)
        {
            return Errno.EINVAL;
        }

        Errno errno = Bounce?.Owns(at) == true ? Bounce.Unmap(device, at, length, direction, attributes) : Errno.None;
        return errno == Errno.None ? Undone(device, length) : errno;
    }

    private Errno Undone(DmaDevice device, ulong length)
    {
        MapperThread.Current.Count(this, device, -1, -(long)length);
        Leave();
        return Errno.None;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DmaMapError Refusal(DmaDevice device, PhysicalRange range, DmaAttributes attributes, Errno errno)
    {
        string why = errno switch
        {
            Errno.EPERM => $"a bounce slot would be needed, which {attributes} rules out",
            Errno.EIO when device.Domain is not null => "its edges share granules with other bytes, which the device may not see; it needs a bounce pool",
            Errno.EIO => $"it lies beyond the device's mask 0x{device.Mask:x}; it needs a bounce buffer or an IOMMU",
            Errno.EINVAL when range.IsEmpty => "there is no byte in it",
            Errno.EINVAL when range.Length > MappingRecord.MaxLength => $"it is longer than 0x{MappingRecord.MaxLength:x} bytes",
            Errno.EINVAL when (attributes & ~Known) != DmaAttributes.None => $"0x{(int)(attributes & ~Known):x} is no attribute",
            Errno.EINVAL => "the direction is none of the three, or it has to bounce and is longer than a run of slots",
            Errno.EFAULT => "device-private memory has no address that a bus could carry; map a list, for which a broker is asked",
            _ => "no mapping, address, table or bounce slot is free now; unmap something and try again",
        };
        return new(errno, $"{device}: {range}: {why}");
    }
}
