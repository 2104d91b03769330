// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Rdma;

/// <summary>A host of one device over a byte array: counts and refuses bus transactions, and watches what payload is touched.</summary>
internal sealed class FakeHost : IDeviceHost, IDeviceBus, ISimulated
{
    public const ulong Base = 0x1_2340_0000;

    private readonly ulong _firstBuffer;
    private readonly List<(ulong Offset, ulong Size)> _buffers = [];
    private DeviceModel? _device;

    public FakeHost(Scheduler scheduler, int userBytes, int bufferBytes = 1 << 20)
    {
        Scheduler = scheduler;
        _firstBuffer = (ulong)userBytes;
        Memory = new byte[userBytes + bufferBytes];
    }

    public Scheduler Scheduler { get; }

    public byte[] Memory { get; }

    /// <summary>The number of the transaction to fail, from 1; 0 is none.</summary>
    public int FailAt { get; set; }

    public BusStatus FailWith { get; set; } = BusStatus.CompletionTimeout;

    public int Transactions { get; set; }

    public bool Gone { get; set; }

    public int Interrupts { get; private set; }

    /// <summary>When set, payload outside these bytes fails the test.</summary>
    public List<DmaRange>? AllowedPayload { get; set; }

    public string? Trespass { get; private set; }

    public int LiveBuffers => _buffers.Count;

    public SimTime Now => Scheduler.Now;

    public void Plug(DeviceModel device)
    {
        _device = device;
        device.Attach(this);
    }

    public BusCompletion Read(DmaAddress address, Span<byte> destination, Traffic traffic)
    {
        if (!TryBegin(address, destination.Length, traffic, out BusCompletion failed))
        {
            destination.Fill(0xEE);
            return failed;
        }

        Memory.AsSpan((int)(address.Value - Base), destination.Length).CopyTo(destination);
        return new(BusStatus.Success, Later(destination.Length));
    }

    public BusCompletion Write(DmaAddress address, ReadOnlySpan<byte> source, Traffic traffic)
    {
        if (!TryBegin(address, source.Length, traffic, out BusCompletion failed))
        {
            return failed;
        }

        source.CopyTo(Memory.AsSpan((int)(address.Value - Base)));
        return new(BusStatus.Success, Later(source.Length));
    }

    public void RaiseInterrupt(int vector) => Interrupts++;

    public void ScheduleAt(SimTime when, int kind, ulong argument = 0) => Scheduler.At(when, this, kind, argument);

    public void OnEvent(int kind, ulong argument)
    {
        if (!Gone)
        {
            _device!.OnEvent(kind, argument);
        }
    }

    public uint ReadRegister32(int bar, ulong offset) => (uint)ReadRegister(bar, offset, 4);

    public ulong ReadRegister64(int bar, ulong offset) => ReadRegister(bar, offset, 8);

    public void WriteRegister32(int bar, ulong offset, uint value) => WriteRegister(bar, offset, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));

    public void WriteRegister64(int bar, ulong offset, ulong value) => WriteRegister(bar, offset, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in value)));

    public void WriteRegister(int bar, ulong offset, ReadOnlySpan<byte> bytes)
    {
        if (!Gone)
        {
            _device!.WriteRegister(bar, offset, bytes);
        }
    }

    public IDeviceBuffer Allocate(ulong length, string purpose)
    {
        ulong size = Alignment.Up(length, 4096);
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

        _buffers.Insert(index, (at, size));
        Memory.AsSpan((int)at, (int)size).Clear();
        return new Buffer(this, at, size);
    }

    public bool Step() => Scheduler.Step();

    public static DmaRange Range(ulong offset, ulong length) => new(new DmaAddress(Base + offset), length);

    private ulong ReadRegister(int bar, ulong offset, int width)
    {
        Span<byte> bytes = stackalloc byte[8];
        if (Gone)
        {
            bytes[..width].Fill(0xFF);
        }
        else
        {
            _device!.ReadRegister(bar, offset, bytes[..width]);
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private bool TryBegin(DmaAddress address, int length, Traffic traffic, out BusCompletion failed)
    {
        Transactions++;
        failed = new(Gone ? BusStatus.DeviceGone : FailWith, Now);
        if (Gone || Transactions == FailAt)
        {
            return false;
        }

        if (traffic == Traffic.Payload && AllowedPayload is not null)
        {
            Watch(address, length);
        }

        failed = new(BusStatus.UnsupportedRequest, Now);
        return address.Value >= Base && address.Value - Base <= (ulong)Memory.Length && (ulong)length <= (ulong)Memory.Length - (address.Value - Base);
    }

    private void Watch(DmaAddress address, int length)
    {
        if (!AllowedPayload!.Exists(range => range.Contains(new DmaRange(address, (ulong)length))))
        {
            Trespass = $"payload at {address}+0x{length:x}";
        }
    }

    private SimTime Later(int length) => Now.Add(SimTime.FromNanoseconds(100)).Add(SimTime.ForBytes((ulong)length, 10_000_000_000));

    private sealed class Buffer(FakeHost host, ulong offset, ulong size) : IDeviceBuffer
    {
        public Span<byte> Bytes => host.Memory.AsSpan((int)offset, (int)size);

        public DmaAddress Address => new(Base + offset);

        public void Dispose() => host._buffers.RemoveAll(buffer => buffer.Offset == offset);
    }
}
