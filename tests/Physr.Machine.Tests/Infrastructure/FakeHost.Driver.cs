// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Machine.Devices;

namespace Physr.Machine.Tests.Infrastructure;

/// <content>What a driver sees: registers, buffers, and a step of the machine.</content>
internal sealed partial class FakeHost
{
    private readonly ulong _firstBuffer;
    private readonly List<Buffer> _buffers = [];

    public int LiveBuffers => _buffers.Count;

    /// <summary>Calls of <see cref="TryAllocate"/> so far.</summary>
    public int Allocations { get; private set; }

    /// <summary>The allocation (counted from 1) to refuse; 0 is none.</summary>
    public int RefuseAllocationAt { get; set; }

    public Errno RefuseWith { get; set; } = Errno.ENOMEM;

    public uint ReadRegister32(int bar, ulong offset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        ReadRegister(bar, offset, bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public ulong ReadRegister64(int bar, ulong offset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ReadRegister(bar, offset, bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public void WriteRegister32(int bar, ulong offset, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        WriteRegister(bar, offset, bytes);
    }

    public void WriteRegister64(int bar, ulong offset, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        WriteRegister(bar, offset, bytes);
    }

    /// <summary>A write of any width.</summary>
    public void WriteRegister(int bar, ulong offset, ReadOnlySpan<byte> bytes)
    {
        if (!Gone)
        {
            _device!.WriteRegister(bar, offset, bytes);
        }
    }

    public Errno TryAllocate(ulong length, string purpose, out IDeviceBuffer? buffer)
    {
        buffer = null;
        if (++Allocations == RefuseAllocationAt)
        {
            return RefuseWith;
        }

        ulong size = Alignment.Up(length, PageSize.Size4K);
        ulong at = _firstBuffer;
        int index = 0;
        while (index < _buffers.Count && at + size > _buffers[index].Offset)
        {
            at = _buffers[index].Offset + _buffers[index].Size;
            index++;
        }

        if (at + size > (ulong)Memory.Length)
        {
            return Errno.ENOMEM;
        }

        Buffer created = new(this, at, size, (int)length);
        created.Bytes.Clear();
        _buffers.Insert(index, created);
        buffer = created;
        return Errno.None;
    }

    /// <summary>A buffer that the test needs in order to go on.</summary>
    public IDeviceBuffer Allocate(ulong length, string purpose)
    {
        Assert.Equal(Errno.None, TryAllocate(length, purpose, out IDeviceBuffer? buffer));
        return buffer!;
    }

    /// <summary>Memory of the test's own that lies among the buffers.</summary>
    public TestBuffer Take(int bytes) => new(Allocate((ulong)bytes, "test"));

    public bool Step() => Scheduler.Step();

    private void ReadRegister(int bar, ulong offset, Span<byte> bytes)
    {
        bytes.Fill(0xFF);
        if (!Gone)
        {
            _device!.ReadRegister(bar, offset, bytes);
        }
    }

    private sealed class Buffer(FakeHost host, ulong offset, ulong size, int length) : IDeviceBuffer
    {
        public ulong Offset => offset;

        public ulong Size => size;

        // No more than was asked for, so that a driver that reaches beyond throws.
        public Span<byte> Bytes => host.Memory.AsSpan((int)offset, length);

        public DmaAddress Address => new(Base + offset);

        public void Dispose() => Assert.True(host._buffers.Remove(this), "a buffer was given back twice");
    }
}
