// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Nvme.Host;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Nvme.Infrastructure;

/// <summary>A bus over one byte array, a clock, and one device: all that a controller and its driver need. Every master access is checked against the array, counted, and
/// can be made to fail by its number.</summary>
internal sealed class TestMachine : IDeviceBus, INvmeHost, ISimulated, IDisposable
{
    public const ulong Base = 0x1000_0000;
    private const ulong BytesPerSecond = 16_000_000_000;

    private readonly Scheduler _scheduler;
    private readonly SortedDictionary<ulong, ulong> _taken = [];
    private DeviceModel? _device;
    private SimTime _busFree;

    public TestMachine(ulong seed = 1, int bytes = 16 << 20)
    {
        _scheduler = new(seed);
        Memory = new byte[bytes];
        Interrupts = new int[64];
    }

    public byte[] Memory { get; }

    public int[] Interrupts { get; }

    /// <summary>Master accesses so far.</summary>
    public long Accesses { get; private set; }

    /// <summary>The access (counted from 1) from which on <see cref="FailCount"/> accesses fail; 0 is never.</summary>
    public long FailAt { get; set; }

    public long FailCount { get; set; } = 1;

    public BusStatus FailWith { get; set; } = BusStatus.CompleterAbort;

    public bool Gone { get; set; }

    /// <summary>Accesses that no memory answered.</summary>
    public long Unclaimed { get; private set; }

    public ulong PayloadBytes { get; private set; }

    public int PayloadTransactions { get; private set; }

    public int BuffersTaken => _taken.Count;

    public Action<string>? Trace { get; set; }

    public SimTime Now => _scheduler.Now;

    public Span<byte> At(ulong address, int length) => Memory.AsSpan((int)(address - Base), length);

    public void Plug(DeviceModel device)
    {
        _device = device;
        device.Attach(this);
    }

    public BusCompletion Read(DmaAddress address, Span<byte> destination, Traffic traffic)
    {
        BusStatus status = Judge(address.Value, destination.Length, traffic);
        if (status == BusStatus.Success)
        {
            At(address.Value, destination.Length).CopyTo(destination);
        }
        else
        {
            destination.Fill(0xEE); // undefined on failure: make it show
        }

        return new(status, Occupy(destination.Length));
    }

    public BusCompletion Write(DmaAddress address, ReadOnlySpan<byte> source, Traffic traffic)
    {
        BusStatus status = Judge(address.Value, source.Length, traffic);
        if (status == BusStatus.Success)
        {
            source.CopyTo(At(address.Value, source.Length));
        }

        return new(status, Occupy(source.Length));
    }

    public void RaiseInterrupt(int vector) => Interrupts[vector]++;

    public void ScheduleAt(SimTime when, int kind, ulong argument = 0) => _scheduler.At(when, this, kind, argument);

    public void OnEvent(int kind, ulong argument) => _device!.OnEvent(kind, argument);

    public uint ReadRegister32(ulong offset)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes.Fill(0xFF);
        if (!Gone)
        {
            _device!.ReadRegister(0, offset, bytes);
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public ulong ReadRegister64(ulong offset)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes.Fill(0xFF);
        if (!Gone)
        {
            _device!.ReadRegister(0, offset, bytes);
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public void WriteRegister32(ulong offset, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        if (!Gone)
        {
            _device!.WriteRegister(0, offset, bytes);
        }
    }

    public void WriteRegister64(ulong offset, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        if (!Gone)
        {
            _device!.WriteRegister(0, offset, bytes);
        }
    }

    public Errno Allocate(ulong bytes, out INvmeHostBuffer? buffer)
    {
        ulong size = Alignment.Up(bytes, PageSize.Size4K);
        ulong start = Base;
        foreach ((ulong address, ulong length) in _taken)
        {
            if (address - start >= size)
            {
                break;
            }

            start = address + length;
        }

        buffer = null;
        if (start - Base + size > (ulong)Memory.Length)
        {
            return Errno.ENOMEM;
        }

        _taken.Add(start, size);
        At(start, (int)size).Clear();
        buffer = new Buffer(this, new(start), (int)bytes);
        return Errno.None;
    }

    public TestBuffer Take(int bytes)
    {
        Assert.Equal(Errno.None, Allocate((ulong)bytes, out INvmeHostBuffer? buffer));
        return new(buffer!);
    }

    public bool Step() => !Gone && _scheduler.Step();

    public void RunToIdle() => _scheduler.RunToIdle(10_000_000);

    public void Dispose() => _device?.Dispose();

    private BusStatus Judge(ulong address, int length, Traffic traffic)
    {
        Accesses++;
        Trace?.Invoke($"{Accesses}: {traffic} 0x{address:x}+0x{length:x}");
        if (FailAt != 0 && Accesses >= FailAt && Accesses < FailAt + FailCount)
        {
            return FailWith;
        }

        if (address < Base || address - Base > (ulong)Memory.Length || (ulong)length > (ulong)Memory.Length - (address - Base))
        {
            Unclaimed++;
            return BusStatus.UnsupportedRequest;
        }

        if (traffic == Traffic.Payload)
        {
            PayloadBytes += (ulong)length;
            PayloadTransactions++;
        }

        return BusStatus.Success;
    }

    private SimTime Occupy(int bytes)
    {
        _busFree = SimTime.Max(_busFree, Now).Add(SimTime.ForBytes((ulong)bytes, BytesPerSecond));
        return _busFree.Add(SimTime.FromNanoseconds(200));
    }

    private sealed class Buffer(TestMachine machine, DmaAddress address, int length) : INvmeHostBuffer
    {
        public Span<byte> Bytes => machine.At(address.Value, length);

        public DmaAddress Address => address;

        public void Dispose() => Assert.True(machine._taken.Remove(address.Value), "a buffer was given back twice");
    }
}
