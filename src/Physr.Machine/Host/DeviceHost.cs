// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Dma;
using Physr.Machine.Devices;
using Physr.Machine.Fabric;
using Physr.Machine.Simulation;

namespace Physr.Machine.Host;

/// <summary>The host's side of one device on the simulated machine: register accesses cross the fabric, buffers come from RAM and are mapped for the device.</summary>
internal sealed class DeviceHost : IDeviceHost
{
    private readonly SimulatedMachine _machine;
    private readonly FabricNode _node;
    private readonly byte[] _scratch = new byte[8];

    public DeviceHost(SimulatedMachine machine, FabricNode node, DmaDevice dma)
    {
        _machine = machine;
        _node = node;
        Dma = dma;
    }

    public DmaDevice Dma { get; }

    public SimTime Now => _machine.Scheduler.Now;

    public uint ReadRegister32(int bar, ulong offset)
    {
        Span<byte> bytes = _scratch.AsSpan(0, 4);
        return _machine.Fabric.CpuRead(Register(bar, offset), bytes).IsSuccess ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : uint.MaxValue;
    }

    public ulong ReadRegister64(int bar, ulong offset)
    {
        Span<byte> bytes = _scratch.AsSpan(0, 8);
        return _machine.Fabric.CpuRead(Register(bar, offset), bytes).IsSuccess ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : ulong.MaxValue;
    }

    public void WriteRegister32(int bar, ulong offset, uint value)
    {
        Span<byte> bytes = _scratch.AsSpan(0, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _machine.Fabric.CpuWrite(Register(bar, offset), bytes);
    }

    public void WriteRegister64(int bar, ulong offset, ulong value)
    {
        Span<byte> bytes = _scratch.AsSpan(0, 8);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _machine.Fabric.CpuWrite(Register(bar, offset), bytes);
    }

    public void WriteMemory(int bar, ulong offset, ReadOnlySpan<byte> source) => _machine.Fabric.CpuWrite(Register(bar, offset), source);

    public Errno TryAllocate(ulong length, string purpose, out IDeviceBuffer? buffer) =>
        HostBuffer.TryCreate(_machine, Dma, length, $"{_node.Name}: {purpose}", out buffer);

    public bool Step() => _machine.Scheduler.Step();

    private PhysicalAddress Register(int bar, ulong offset) => SimulatedMachine.BarRange(_node, bar).Start.Add(offset);
}
