// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <content>Posting jobs. A job is one command, or one for each entry of a list; all fit on the ring or none is posted.</content>
public sealed partial class GpuDriver
{
    /// <summary>Posts a copy of GPU memory to bytes of a list.</summary>
    /// <param name="memoryOffset">Where the bytes are in the GPU's memory.</param>
    /// <param name="list">The bytes as the GPU addresses them on its bus.</param>
    /// <param name="id">What to call the job.</param>
    /// <returns><see cref="Errno.EAGAIN"/> when the ring has no room now, <see cref="Errno.ENOSPC"/> when it never has, <see cref="Errno.EINVAL"/> for an empty
    /// list. Bounds are the device's to judge.</returns>
    public Errno TryCopyToBus(ulong memoryOffset, DmaRangeList list, ulong id) => CopyList(GpuOpcode.CopyToBus, memoryOffset, list, id);

    /// <summary>Posts a copy of bytes of a list to GPU memory.</summary>
    /// <inheritdoc cref="TryCopyToBus(ulong, DmaRangeList, ulong)"/>
    public Errno TryCopyFromBus(DmaRangeList list, ulong memoryOffset, ulong id) => CopyList(GpuOpcode.CopyFromBus, memoryOffset, list, id);

    /// <summary>Posts a copy of GPU memory to one bus address.</summary>
    public Errno TryCopyToBus(ulong memoryOffset, DmaAddress destination, ulong length, ulong id) =>
        TryPost(new(GpuOpcode.CopyToBus, 0, memoryOffset, destination.Value, length, 0), id);

    /// <summary>Posts a copy from one bus address to GPU memory.</summary>
    public Errno TryCopyFromBus(DmaAddress source, ulong memoryOffset, ulong length, ulong id) =>
        TryPost(new(GpuOpcode.CopyFromBus, 0, source.Value, memoryOffset, length, 0), id);

    /// <summary>Posts a copy between two parts of GPU memory, which may not overlap.</summary>
    public Errno TryCopyWithin(ulong source, ulong destination, ulong length, ulong id) =>
        TryPost(new(GpuOpcode.CopyWithin, 0, source, destination, length, 0), id);

    /// <summary>Posts a fill of GPU memory with 8 bytes, over and over.</summary>
    public Errno TryFill(ulong memoryOffset, ulong length, ulong value, ulong id) => TryPost(new(GpuOpcode.Fill, 0, 0, memoryOffset, length, value), id);

    /// <summary>Posts a write of 8 bytes to a bus address, after everything posted before and only if that went well.</summary>
    public Errno TryReleaseSemaphore(DmaAddress address, ulong value, ulong id) =>
        TryPost(new(GpuOpcode.ReleaseSemaphore, 0, 0, address.Value, 0, value), id);

    /// <summary>Posts any command, as it is: for tests of what a device makes of it.</summary>
    public Errno TryPost(in GpuCommand command, ulong id)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Outstanding == _slots.Length)
        {
            return Errno.EAGAIN;
        }

        Place(command, id, isLast: true);
        RingDoorbell();
        return Errno.None;
    }

    private Errno CopyList(GpuOpcode opcode, ulong memoryOffset, DmaRangeList list, ulong id)
    {
        ArgumentNullException.ThrowIfNull(list);
        ObjectDisposedException.ThrowIf(_disposed, this);
        int segments = list.CountSegments(SegmentLimits.None);
        if (segments == 0)
        {
            return Errno.EINVAL;
        }

        if (segments > _slots.Length)
        {
            return Errno.ENOSPC;
        }

        if (segments > _slots.Length - Outstanding)
        {
            return Errno.EAGAIN;
        }

        ulong at = memoryOffset;
        int left = segments;
        foreach (DmaEntry segment in list.Segments(SegmentLimits.None))
        {
            ulong bus = segment.Range.Start.Value;
            bool toBus = opcode == GpuOpcode.CopyToBus;
            Place(new(opcode, 0, toBus ? at : bus, toBus ? bus : at, segment.Range.Length, 0), id, isLast: --left == 0);
            at = unchecked(at + segment.Range.Length);
        }

        RingDoorbell();
        return Errno.None;
    }

    private void Place(in GpuCommand command, ulong id, bool isLast)
    {
        int index = (int)(_posted & ((1U << _log2) - 1));
        (command with { Flags = (byte)(command.Flags | (isLast ? GpuCommand.FlagInterrupt : 0)) }).Write(_rings.Bytes[(index * GpuRegisters.CommandSize)..]);
        _slots[index] = new(id, isLast);
        _posted++;
    }

    private void RingDoorbell() => _host.WriteRegister32(GpuRegisters.RegisterBar, GpuRegisters.Doorbell, _posted);
}
