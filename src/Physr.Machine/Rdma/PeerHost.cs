// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <summary>The least host that a NIC can live in: memory whose bus addresses are its offsets, and one device. For the far side of a network, which is no part of
/// this machine's fabric.</summary>
internal sealed class PeerHost : IDeviceHost, IDeviceBus, ISimulated, IDisposable
{
    private const ulong PageSize = 4096;

    private readonly Scheduler _scheduler;
    private readonly ulong _bytesPerSecond;
    private readonly ulong _firstBuffer;
    private readonly List<PeerBuffer> _buffers = [];
    private DeviceModel? _device;
    private SimTime _memoryFreeAt;

    public PeerHost(string name, Scheduler scheduler, ulong memoryLength, ulong bytesPerSecond)
    {
        _scheduler = scheduler;
        _bytesPerSecond = bytesPerSecond;
        _firstBuffer = Alignment.Up(memoryLength, PageSize);
        Memory = new(name, _firstBuffer + (2 * SparseMemory.ChunkSize));
    }

    public SparseMemory Memory { get; }

    public int LiveBuffers => _buffers.Count;

    public SimTime Now => _scheduler.Now;

    public void Plug(DeviceModel device)
    {
        _device = device;
        device.Attach(this);
    }

    public BusCompletion Read(DmaAddress address, Span<byte> destination, Traffic traffic)
    {
        if (!Has(address, destination.Length))
        {
            return new(BusStatus.UnsupportedRequest, Now);
        }

        Memory.Read(address.Value, destination);
        return new(BusStatus.Success, Spend(destination.Length));
    }

    public BusCompletion Write(DmaAddress address, ReadOnlySpan<byte> source, Traffic traffic)
    {
        if (!Has(address, source.Length))
        {
            return new(BusStatus.UnsupportedRequest, Now);
        }

        Memory.Write(address.Value, source);
        return new(BusStatus.Success, Spend(source.Length));
    }

    public void RaiseInterrupt(int vector)
    {
        // The peer polls.
    }

    public void ScheduleAt(SimTime when, int kind, ulong argument = 0) => _scheduler.At(when, this, kind, argument);

    public void OnEvent(int kind, ulong argument) => _device!.OnEvent(kind, argument);

    public uint ReadRegister32(int bar, ulong offset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        _device!.ReadRegister(bar, offset, bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public ulong ReadRegister64(int bar, ulong offset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        _device!.ReadRegister(bar, offset, bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public void WriteRegister32(int bar, ulong offset, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _device!.WriteRegister(bar, offset, bytes);
    }

    public void WriteRegister64(int bar, ulong offset, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _device!.WriteRegister(bar, offset, bytes);
    }

    public Errno TryAllocate(ulong length, string purpose, out IDeviceBuffer? buffer)
    {
        buffer = null;
        ulong size = Alignment.Up(Math.Max(length, 1), PageSize);
        ulong at = _firstBuffer;
        int index = 0;
        while (true)
        {
            // A buffer is one span, so it may not cross a chunk.
            if ((at % SparseMemory.ChunkSize) + size > SparseMemory.ChunkSize)
            {
                at = Alignment.Up(at + 1, SparseMemory.ChunkSize);
            }

            if (index == _buffers.Count || at + size <= _buffers[index].Offset)
            {
                break;
            }

            at = Math.Max(at, _buffers[index].Offset + _buffers[index].Size);
            index++;
        }

        if (size > SparseMemory.ChunkSize || at + size > Memory.Length)
        {
            return Errno.ENOMEM;
        }

        PeerBuffer created = new(this, at, size);
        created.Bytes.Clear();
        _buffers.Insert(index, created);
        buffer = created;
        return Errno.None;
    }

    public bool Step() => _scheduler.Step();

    public void Dispose()
    {
        _device?.Dispose();
        Memory.Dispose();
    }

    private bool Has(DmaAddress address, int length) => address.Value <= Memory.Length && (ulong)length <= Memory.Length - address.Value;

    private SimTime Spend(int length)
    {
        _memoryFreeAt = SimTime.Max(_memoryFreeAt, Now).Add(SimTime.ForBytes((ulong)length, _bytesPerSecond));
        return _memoryFreeAt;
    }

    private sealed class PeerBuffer(PeerHost host, ulong offset, ulong size) : IDeviceBuffer
    {
        public ulong Offset => offset;

        public ulong Size => size;

        public Span<byte> Bytes => host.Memory.SpanAt(offset, size);

        public DmaAddress Address => new(offset);

        public void Dispose() => host._buffers.Remove(this);
    }
}
