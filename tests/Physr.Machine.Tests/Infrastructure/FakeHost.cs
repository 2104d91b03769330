// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Infrastructure;

/// <summary>A host of one device: a bus over one byte array, and a clock. Every transaction of the device is checked against the array, counted, watched, and can be
/// made to fail by its number.</summary>
internal sealed partial class FakeHost : IDeviceBus, IDeviceHost, ISimulated, IDisposable
{
    /// <summary>The bus address of the first byte: beyond 32 bits, so that a cut address shows.</summary>
    public const ulong Base = 0x1_2340_0000;

    private const ulong BytesPerSecond = 16_000_000_000;

    private DeviceModel? _device;
    private SimTime _busFree;

    public FakeHost(ulong seed = 1, int bytes = 16 << 20)
        : this(new Scheduler(seed), 0, bytes)
    {
    }

    /// <param name="scheduler">The clock.</param>
    /// <param name="userBytes">Memory that is the test's own; buffers lie behind it.</param>
    /// <param name="bufferBytes">Memory for buffers.</param>
    public FakeHost(Scheduler scheduler, int userBytes, int bufferBytes = 1 << 20)
    {
        Scheduler = scheduler;
        _firstBuffer = (ulong)userBytes;
        Memory = new byte[userBytes + bufferBytes];
    }

    public Scheduler Scheduler { get; }

    public byte[] Memory { get; }

    /// <summary>How often each vector was raised.</summary>
    public int[] Interrupts { get; } = new int[64];

    /// <summary>Transactions of the device so far.</summary>
    public long Transactions { get; private set; }

    /// <summary>The transaction (counted from 1) from which on <see cref="FailCount"/> of them fail; 0 is never.</summary>
    public long FailAt { get; set; }

    public long FailCount { get; set; } = 1;

    public BusStatus FailWith { get; set; } = BusStatus.CompleterAbort;

    /// <summary>The device was pulled out: it answers nothing and does nothing.</summary>
    public bool Gone { get; set; }

    /// <summary>Transactions that no memory answered.</summary>
    public long Unclaimed { get; private set; }

    public ulong PayloadBytes { get; private set; }

    public int PayloadTransactions { get; private set; }

    /// <summary>When set, <see cref="Trespass"/> tells of payload outside these bytes.</summary>
    public List<DmaRange>? AllowedPayload { get; set; }

    public string? Trespass { get; private set; }

    public SimTime Now => Scheduler.Now;

    public static DmaRange Range(ulong offset, ulong length) => new(new DmaAddress(Base + offset), length);

    public Span<byte> At(ulong address, int length) => Memory.AsSpan((int)(address - Base), length);

    public void Plug(DeviceModel device)
    {
        _device = device;
        device.Attach(this);
    }

    public BusCompletion Read(DmaAddress address, Span<byte> destination, Traffic traffic)
    {
        BusStatus status = Judge(address, destination.Length, traffic);
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
        BusStatus status = Judge(address, source.Length, traffic);
        if (status == BusStatus.Success)
        {
            source.CopyTo(At(address.Value, source.Length));
        }

        return new(status, Occupy(source.Length));
    }

    public void RaiseInterrupt(int vector) => Interrupts[vector]++;

    public void ScheduleAt(SimTime when, int kind, ulong argument = 0) => Scheduler.At(when, this, kind, argument);

    public void OnEvent(int kind, ulong argument)
    {
        if (!Gone)
        {
            _device!.OnEvent(kind, argument);
        }
    }

    public void RunToIdle() => Scheduler.RunToIdle(10_000_000);

    public void Dispose() => _device?.Dispose();

    private BusStatus Judge(DmaAddress address, int length, Traffic traffic)
    {
        Transactions++;
        if (Gone)
        {
            return BusStatus.DeviceGone;
        }

        if (FailAt != 0 && Transactions >= FailAt && Transactions - FailAt < FailCount)
        {
            return FailWith;
        }

        if (traffic == Traffic.Payload && AllowedPayload is not null)
        {
            Watch(address, length);
        }

        ulong offset = address.Value - Base;
        if (address.Value < Base || offset > (ulong)Memory.Length || (ulong)length > (ulong)Memory.Length - offset)
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

    private void Watch(DmaAddress address, int length)
    {
        if (!AllowedPayload!.Exists(range => range.Contains(new DmaRange(address, (ulong)length))))
        {
            Trespass = $"payload at {address}+0x{length:x}";
        }
    }

    private SimTime Occupy(int bytes)
    {
        _busFree = SimTime.Max(_busFree, Now).Add(SimTime.ForBytes((ulong)bytes, BytesPerSecond));
        return _busFree.Add(SimTime.FromNanoseconds(200));
    }
}
