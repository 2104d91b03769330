// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Simulation;

namespace Physr.Machine.Fabric;

/// <summary>A device's side of the simulated machine: its bus goes over the fabric, its clock is the scheduler. Events asked for before a reset or a removal are
/// dropped.</summary>
internal sealed class DeviceSlot : IDeviceBus, ISimulated
{
    /// <summary>Where a host's kernel points MSI-X messages: the first local APIC.</summary>
    private const ulong MessageAddress = 0xfee0_0000;

    private const int EpochShift = 16;

    private readonly PciFabric _fabric;
    private readonly Scheduler _scheduler;
    private readonly FabricNode _node;
    private readonly byte[] _message = new byte[4];
    private int _epoch;

    public DeviceSlot(PciFabric fabric, Scheduler scheduler, FabricNode node)
    {
        _fabric = fabric;
        _scheduler = scheduler;
        _node = node;
    }

    /// <summary>Interrupts the device has raised.</summary>
    public ulong Interrupts { get; private set; }

    public SimTime Now => _scheduler.Now;

    public BusCompletion Read(DmaAddress address, Span<byte> destination, Traffic traffic) => _fabric.Read(_node, address, destination, traffic);

    public BusCompletion Write(DmaAddress address, ReadOnlySpan<byte> source, Traffic traffic) => _fabric.Write(_node, address, source, traffic);

    public void RaiseInterrupt(int vector)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(_message, vector);
        if (_fabric.Write(_node, new(MessageAddress), _message, Traffic.Control).IsSuccess)
        {
            Interrupts++;
        }
    }

    public void ScheduleAt(SimTime when, int kind, ulong argument = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(kind);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(kind, 1 << EpochShift);
        _scheduler.At(when, this, kind | (_epoch << EpochShift), argument);
    }

    public void OnEvent(int kind, ulong argument)
    {
        if (kind >> EpochShift == _epoch && _node.IsPresent)
        {
            _node.Device!.OnEvent(kind & ((1 << EpochShift) - 1), argument);
        }
    }

    /// <summary>Forgets the events that wait.</summary>
    public void DropEvents() => _epoch = (_epoch + 1) & 0x7fff;
}
