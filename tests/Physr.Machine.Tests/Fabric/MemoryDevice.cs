// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Devices;

namespace Physr.Machine.Tests.Fabric;

/// <summary>A device that is nothing but a register BAR and memory behind a prefetchable one, and lets a test master its bus.</summary>
internal sealed class MemoryDevice : DeviceModel
{
    public const ulong MemoryBytes = 1 << 20;

    public MemoryDevice(string name)
        : base(name, new(0x1b36, 0x00ff, 0x00ff00, [new(0, 0x4000), new(2, MemoryBytes, IsPrefetchable: true)]))
    {
    }

    public SparseMemory Memory { get; } = new("test memory", MemoryBytes);

    public uint LastRegisterWrite { get; private set; }

    public List<(int Kind, ulong Argument)> Events { get; } = [];

    public new IDeviceBus Bus => base.Bus;

    public override void Reset()
    {
    }

    public override void ReadRegister(int bar, ulong offset, Span<byte> destination) => destination.Fill((byte)offset);

    public override void WriteRegister(int bar, ulong offset, ReadOnlySpan<byte> source) => LastRegisterWrite = BitConverter.ToUInt32(source);

    public override void OnEvent(int kind, ulong argument) => Events.Add((kind, argument));

    public override bool TryGetBarMemory(int bar, ulong offset, out SparseMemory? memory, out ulong memoryOffset, out ulong length)
    {
        memory = bar == 2 ? Memory : null;
        memoryOffset = offset;
        length = bar == 2 ? MemoryBytes - offset : 0;
        return bar == 2;
    }

    protected override void Dispose(bool disposing)
    {
        Memory.Dispose();
        base.Dispose(disposing);
    }
}
