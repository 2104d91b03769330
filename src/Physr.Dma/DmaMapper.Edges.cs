// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Bounce;
using Physr.Dma.Iommu;
using Physr.Dma.Mapping;

namespace Physr.Dma;

/// <content>What goes through bounce slots: the partial granules of untrusted devices (row R65), and what a mask does not reach.</content>
public sealed partial class DmaMapper
{
    /// <summary>Maps a range at the granule that its first byte is in. An untrusted device gets the interior as it is, and a slot each for a partial head and tail: whatever else is in those
    /// granules is none of its business (row R65a).</summary>
    internal Errno MapRange(
        DmaDevice device, DmaDomain domain, DmaAddress start, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, out EdgeSlots slots)
    {
        slots = default;
        ulong inGranule = domain.Iova.Granule - 1;
        ulong offset = range.Start.Value & inGranule;
        return device.IsUntrusted && ((offset | range.Length) & inGranule) != 0
            ? MapEdges(device, domain, start, range, direction, attributes, out slots)
            : MapWhole(domain, start, new(range.Start.Value - offset), (offset + range.Length + inGranule) & ~inGranule, direction, attributes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno MapWhole(DmaDomain domain, DmaAddress start, PhysicalAddress physical, ulong size, DmaDirection direction, DmaAttributes attributes) =>
        Passes("IO page table") ? domain.Map(start, physical, size, AccessOf(direction, attributes)) : Errno.ENOMEM;

    /// <summary>The same for a streaming mapping, of which only whether it has slots is kept.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Errno MapEdges(
        DmaDevice device, DmaDomain domain, DmaAddress start, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, out bool isBounced)
    {
        Errno errno = MapEdges(device, domain, start, range, direction, attributes, out EdgeSlots slots);
        isBounced = slots.Any;
        return errno;
    }

    private Errno MapEdges(
        DmaDevice device, DmaDomain domain, DmaAddress start, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, out EdgeSlots slots)
    {
        slots = default;
        if ((attributes & (DmaAttributes.Mmio | DmaAttributes.RequireCoherent)) != DmaAttributes.None)
        {
            return Errno.EPERM;
        }

        if (Bounce is null)
        {
            return Errno.EIO;
        }

        ulong granule = domain.Iova.Granule;
        ulong begin = range.Start.Value;
        ulong end = range.End.Value;
        ulong firstGranule = begin & ~(granule - 1);
        ulong lastGranule = end & ~(granule - 1);
        bool hasHead = begin != firstGranule || lastGranule == firstGranule;
        ulong interior = hasHead ? firstGranule + granule : firstGranule;
        bool hasTail = end != lastGranule && lastGranule >= interior;

        Errno errno = Errno.None;
        ulong mapped = 0;
        if (hasHead)
        {
            PhysicalRange head = PhysicalRange.FromBounds(range.Start, new(Math.Min(end, interior)));
            errno = MapSlot(device, domain, start, head, direction, attributes, out slots.Head);
            mapped = errno == Errno.None ? granule : 0;
        }

        if (errno == Errno.None && lastGranule > interior)
        {
            errno = MapWhole(domain, new(start.Value + (interior - firstGranule)), new(interior), lastGranule - interior, direction, attributes);
            mapped += errno == Errno.None ? lastGranule - interior : 0;
        }

        if (errno == Errno.None && hasTail)
        {
            PhysicalRange tail = PhysicalRange.FromBounds(new(lastGranule), range.End);
            errno = MapSlot(device, domain, new(start.Value + (lastGranule - firstGranule)), tail, direction, attributes, out slots.Tail);
        }

        if (errno != Errno.None)
        {
            UndoEdges(domain, start, mapped, ref slots);
        }

        return errno;
    }

    private Errno MapSlot(
        DmaDevice device, DmaDomain domain, DmaAddress start, PhysicalRange bytes, DmaDirection direction, DmaAttributes attributes, out PhysicalAddress? slot)
    {
        slot = null;
        ulong granule = domain.Iova.Granule;
        Errno errno = Bounce!.TryMap(device, bytes, granule - 1, granule, direction, attributes, out PhysicalAddress bounced);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = MapWhole(domain, start, bounced.AlignDown(granule), granule, direction, attributes);
        if (errno == Errno.None)
        {
            slot = bounced;
        }
        else
        {
            Bounce.Release(bounced, direction, DmaAttributes.SkipCpuSync);
        }

        return errno;
    }

    private void UndoEdges(DmaDomain domain, DmaAddress start, ulong mapped, ref EdgeSlots slots)
    {
        if (mapped != 0)
        {
            MapperThread thread = MapperThread.Current;
            domain.Unmap(start, mapped, thread.Gather);
            domain.Sync(thread.Gather);
        }

        if (slots.Head is { } head)
        {
            Bounce!.Release(head, DmaDirection.ToDevice, DmaAttributes.SkipCpuSync);
        }

        slots = default;
    }

    /// <summary>Notes the slots of a streaming mapping, before its tables forget them: they are in its first and last granule or nowhere.</summary>
    private void NoteEdges(DmaDomain domain, DmaAddress start, ulong size, MapperThread thread)
    {
        thread.ForgetSlots();
        NoteSlot(domain, start, thread);
        if (size > domain.Iova.Granule)
        {
            NoteSlot(domain, new(start.Value + size - domain.Iova.Granule), thread);
        }
    }

    /// <summary>Notes every slot in a part of a reservation, granule by granule; runs of memory are stepped over leaf by leaf.</summary>
    private void NoteSlots(DmaDomain domain, DmaAddress start, ulong size, MapperThread thread)
    {
        thread.ForgetSlots();
        ulong end = start.Value + size;
        for (ulong at = start.Value; at < end;)
        {
            at += NoteSlot(domain, new(at), thread);
        }
    }

    /// <summary>Notes a granule's slot if it has one; gives the bytes that the answer is good for.</summary>
    private ulong NoteSlot(DmaDomain domain, DmaAddress at, MapperThread thread)
    {
        ulong granule = domain.Iova.Granule;
        if (!domain.Domain.TryTranslate(at, out PageTables.IommuTranslation found))
        {
            return granule;
        }

        if (Bounce!.Owns(found.Address))
        {
            thread.NoteSlot(found.Address);
            return granule;
        }

        return Math.Max(granule, found.ContiguousAfter(at));
    }

    /// <summary>Gives bytes that lie beyond a device's mask a place within it, all of them in one run.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal Errno BounceWhole(DmaDevice device, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, out PhysicalAddress at)
    {
        at = default;
        if (Bounce is null || (attributes & DmaAttributes.Mmio) != DmaAttributes.None)
        {
            return Errno.EIO;
        }

        ulong keep = KeepMask(device);
        if ((attributes & DmaAttributes.RequireCoherent) == DmaAttributes.None && range.Length > BouncePool.MaxRun - (range.Start.Value & keep))
        {
            return Errno.EINVAL;
        }

        Errno errno = Bounce.TryMap(device, range, keep, 0, direction, attributes, out at);
        if (errno == Errno.None && at.Value + (range.Length - 1) > device.Mask)
        {
            Bounce.Release(at, direction, DmaAttributes.SkipCpuSync);
            errno = Errno.EIO;
        }

        return errno;
    }

    /// <summary>The address bits that bytes keep in a bounce slot, so that a transfer cut at the device's alignment is cut there in the slot, too.</summary>
    internal static ulong KeepMask(DmaDevice device) => Math.Clamp(device.Limits.MinAlignment, 1, BouncePool.MaxRun) - 1;
}
