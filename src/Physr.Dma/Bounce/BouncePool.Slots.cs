// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Bounce;

/// <content>Taking and giving back slots.</content>
public sealed partial class BouncePool
{
    /// <summary>Takes slots for bytes and copies the bytes in. They are copied in for <see cref="DmaDirection.FromDevice"/> too: what the device does not write must come back as it was,
    /// and never as what the slot held before. With <see cref="DmaAttributes.SkipCpuSync"/> the slot is zeroed instead.</summary>
    /// <param name="device">For whom.</param>
    /// <param name="original">Where the bytes belong; not empty, RAM.</param>
    /// <param name="keepMask">Address bits that the bytes have in the slot, too (the kernel's <c>min_align_mask</c>): a power of two less one, below 256 KiB.</param>
    /// <param name="unit">Bytes that the device is let see whole, a power of two (an IOMMU's granule): the run is aligned to it, and what is not data in it is zeroed. 0 for none.</param>
    /// <param name="direction">Which way the bytes go.</param>
    /// <param name="attributes">What else is known of them.</param>
    /// <param name="bounced">Where the first byte is now.</param>
    /// <returns><see cref="Errno.EPERM"/> for memory of a device, or that must be coherent (row R65b); <see cref="Errno.EINVAL"/> for more bytes than a run holds, or a wrong mask or unit;
    /// <see cref="Errno.ENOMEM"/> where no run is free now.</returns>
    public Errno TryMap(
        DmaDevice device, PhysicalRange original, ulong keepMask, ulong unit, DmaDirection direction, DmaAttributes attributes, out PhysicalAddress bounced)
    {
        ArgumentNullException.ThrowIfNull(device);
        bounced = default;
        if ((attributes & (DmaAttributes.Mmio | DmaAttributes.RequireCoherent)) != DmaAttributes.None)
        {
            return Errno.EPERM;
        }

        ulong block = Math.Max(unit, SlotSize);
        ulong alignment = Math.Max(keepMask + 1, unit);
        if (original.IsEmpty || (keepMask & (keepMask + 1)) != 0 || (unit & (unit - 1)) != 0 || alignment > MaxRun || Owns(original.Start))
        {
            return Errno.EINVAL;
        }

        // Of the bits kept, those above a slot choose which slot, those below it where in the slot; a unit is had whole, from its own start.
        ulong kept = original.Start.Value & (alignment - 1);
        ulong offset = kept & (block - 1);
        if (original.Length > MaxRun - kept)
        {
            return Errno.EINVAL;
        }

        int count = (int)(Alignment.Up(offset + original.Length, block) / SlotSize);
        int stride = (int)Math.Max(1, alignment / SlotSize);
        int first = _gate?.TryPass("bounce slots") == false ? -1 : TryTake(count, stride, (int)((kept - offset) / SlotSize));
        if (first < 0)
        {
            Interlocked.Increment(ref _exhausted);
            return Errno.ENOMEM;
        }

        for (int i = 0; i < count; i++)
        {
            _slots[first + i] = new() { IsUsed = true, Back = (byte)i };
        }

        ref BounceSlot slot = ref _slots[first];
        slot.Device = device;
        slot.Original = original;
        slot.Offset = (uint)offset;
        slot.Count = (byte)count;
        Interlocked.Increment(ref _mappings);
        Account(device, count);
        bounced = AddressOf(first).Add(offset);
        Fill(bounced, original, unit == 0 ? new(bounced, original.Length) : new(AddressOf(first), (ulong)count * SlotSize), attributes);
        return Errno.None;
    }

    /// <summary>Copies the device's bytes back where they belong, unless it only read or the caller synchronizes by itself, and gives the slots back.</summary>
    /// <param name="device">As it was mapped.</param>
    /// <param name="bounced">As it was mapped.</param>
    /// <param name="length">As it was mapped.</param>
    /// <param name="direction">As it was mapped.</param>
    /// <param name="attributes">As it was mapped.</param>
    /// <returns><see cref="Errno.EINVAL"/> for what was not mapped so; nothing is changed then.</returns>
    public Errno Unmap(DmaDevice device, PhysicalAddress bounced, ulong length, DmaDirection direction, DmaAttributes attributes)
    {
        ArgumentNullException.ThrowIfNull(device);
        int first = Owns(bounced) ? FirstSlotOf(bounced) : -1;
        if (first < 0 || _slots[first].Device != device || _slots[first].Original.Length != length || AddressOf(first).Add(_slots[first].Offset) != bounced)
        {
            return Errno.EINVAL;
        }

        Release(first, direction, attributes);
        return Errno.None;
    }

    /// <summary>The same for the run that an address is in, whatever its length.</summary>
    internal void Release(PhysicalAddress anyByte, DmaDirection direction, DmaAttributes attributes)
    {
        int first = FirstSlotOf(anyByte);
        if (first >= 0)
        {
            Release(first, direction, attributes);
        }
    }

    private void Release(int first, DmaDirection direction, DmaAttributes attributes)
    {
        BounceSlot run = _slots[first];
        if (direction != DmaDirection.ToDevice && (attributes & DmaAttributes.SkipCpuSync) == DmaAttributes.None)
        {
            Copy(AddressOf(first).Add(run.Offset), run.Original.Start, run.Original.Length);
            Interlocked.Add(ref _bytesOut, (long)run.Original.Length);
        }

        Array.Clear(_slots, first, run.Count);
        _areas[first / _slotsPerArea].Free(first, run.Count);
        Account(run.Device!, -run.Count);
    }

    private int TryTake(int count, int stride, int phase)
    {
        int home = _areas.Length == 1 ? 0 : Thread.GetCurrentProcessorId();
        for (int tried = 0; tried < _areas.Length; tried++)
        {
            int first = _areas[(home + tried) % _areas.Length].TryTake(count, stride, phase);
            if (first >= 0)
            {
                return first;
            }
        }

        return -1;
    }
}
