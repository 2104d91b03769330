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
    private bool _disposed;

    public HostBuffer(SimulatedMachine machine, DmaDevice device, ulong length, string purpose)
    {
        _machine = machine;
        Errno errno = machine.Memory.TryAllocate(length, purpose, out _range);
        if (errno != Errno.None)
        {
            throw new PhysrException("allocate coherent memory", purpose, errno, $"no free run of {length} bytes in RAM");
        }

        if (!machine.Mapper.TryMap(device, RangeList.Of(_range), DmaDirection.Bidirectional, out DmaMapping? mapping, out DmaMapError? error))
        {
            machine.Memory.Free(_range);
            throw new PhysrException("map coherent memory", purpose, error!.Errno, error.Detail);
        }

        _mapping = mapping!;
        Address = _mapping.Addresses.Seek(0).Range.Start;
        if (Bytes.Length != (int)_range.Length)
        {
            Dispose();
            throw new PhysrException("allocate coherent memory", purpose, Errno.EINVAL, $"{length} bytes cross a chunk of the simulated RAM");
        }

        Bytes.Clear();
    }

    public Span<byte> Bytes => _machine.Memory.SpanAt(_range.Start, _range.Length);

    public DmaAddress Address { get; }

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
