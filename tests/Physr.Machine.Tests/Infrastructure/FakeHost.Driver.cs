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

    /// <summary>Calls of <see cref="Allocate"/> so far.</summary>
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

    public IDeviceBuffer Allocate(ulong length, string purpose)
    {
        if (++Allocations == RefuseAllocationAt)
        {
            throw new PhysrException("allocate", purpose, RefuseWith, "the fake host was told to refuse");
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
            throw new PhysrException("allocate", purpose, Errno.ENOMEM, "the fake host is full");
        }

        Buffer buffer = new(this, at, size, (int)length);
        buffer.Bytes.Clear();
        _buffers.Insert(index, buffer);
        return buffer;
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
