// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Machine.Devices;

namespace Physr.Machine.Host;

/// <summary>Coherent memory in RAM, mapped for one device.</summary>
internal sealed class HostBuffer : IDeviceBuffer
{
    private readonly SimulatedMachine _machine;
    private readonly PhysicalRange _range;
    private readonly DmaMapping _mapping;
    private readonly ulong _ramOffset;
    private bool _disposed;

    private HostBuffer(SimulatedMachine machine, PhysicalRange range, DmaMapping mapping)
    {
        _machine = machine;
        _range = range;
        _mapping = mapping;
        _ramOffset = machine.Memory.OffsetOf(range.Start);
        Address = mapping.Addresses.Seek(0).Range.Start;
    }

    public Span<byte> Bytes => _machine.Fabric.Ram.SpanAt(_ramOffset, _range.Length);

    public DmaAddress Address { get; }

    /// <summary>Takes memory and maps it; what <see cref="IDeviceHost.TryAllocate"/> says of its errors.</summary>
    public static Errno TryCreate(SimulatedMachine machine, DmaDevice device, ulong length, string purpose, out IDeviceBuffer? buffer)
    {
        buffer = null;
        // Coherent memory never bounces: without a translation it has to lie where the device reaches it.
        PhysicalAddress last = new(device.Domain is null ? device.Mask : ulong.MaxValue);
        Errno errno = machine.Memory.TryAllocate(length, last, purpose, out PhysicalRange range);
        if (errno != Errno.None)
        {
            return errno;
        }

        // A buffer is one span, so it may not cross a chunk of the simulated RAM.
        if ((ulong)machine.Memory.SpanAt(range.Start, range.Length).Length != range.Length)
        {
            machine.Memory.Free(range);
            return Errno.EINVAL;
        }

        if (!machine.Mapper.TryMap(device, RangeList.Of(range), DmaDirection.Bidirectional, out DmaMapping? mapping, out DmaMapError? error))
        {
            machine.Memory.Free(range);
            return error!.Errno;
        }

        HostBuffer created = new(machine, range, mapping!);
        created.Bytes.Clear();
        buffer = created;
        return Errno.None;
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _mapping.Dispose();
            _machine.Memory.Free(_range);
        }
    }
}
