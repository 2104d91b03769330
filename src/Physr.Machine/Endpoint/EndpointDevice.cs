// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;

namespace Physr.Machine.Endpoint;

/// <summary>A function whose BARs are plain memory and which does nothing by itself: what a host assigns to a virtual machine, which lends parts of it to other devices.</summary>
public sealed class EndpointDevice : DeviceModel
{
    /// <summary>A processing accelerator (PCI Code and ID Assignment, class 12h).</summary>
    private const uint AcceleratorClass = 0x120000;

    private readonly SparseMemory?[] _memory = new SparseMemory?[6];

    /// <summary>Makes one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="vendorId">The PCI vendor.</param>
    /// <param name="deviceId">The PCI device.</param>
    /// <param name="barSizes">Bytes of each BAR, a power of two of at least 4 KiB; each is 64 bits wide and takes two registers: BARs 0, 2 and 4.</param>
    public EndpointDevice(string name, ushort vendorId, ushort deviceId, IReadOnlyList<ulong> barSizes)
        : base(name, new(vendorId, deviceId, AcceleratorClass, [.. barSizes.Select(static (size, i) => new BarProfile(2 * i, size, IsPrefetchable: true))]))
    {
        foreach (BarProfile bar in Profile.Bars)
        {
            _memory[bar.Index] = new($"{name} BAR {bar.Index}", bar.Size);
        }
    }

    /// <summary>The memory behind a BAR; null where there is none.</summary>
    public SparseMemory? MemoryOf(int bar) => (uint)bar < (uint)_memory.Length ? _memory[bar] : null;

    /// <inheritdoc/>
    public override void Reset()
    {
    }

    /// <inheritdoc/>
    public override void ReadRegister(int bar, ulong offset, Span<byte> destination) => destination.Clear();

    /// <inheritdoc/>
    public override void WriteRegister(int bar, ulong offset, ReadOnlySpan<byte> source)
    {
    }

    /// <inheritdoc/>
    public override bool TryGetBarMemory(int bar, ulong offset, out SparseMemory? memory, out ulong memoryOffset, out ulong length)
    {
        memory = MemoryOf(bar);
        memoryOffset = offset;
        length = memory is null || offset >= memory.Length ? 0 : memory.Length - offset;
        return length != 0;
    }

    /// <inheritdoc/>
    public override void OnEvent(int kind, ulong argument)
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Array.ForEach(_memory, static memory => memory?.Dispose());
        }

        base.Dispose(disposing);
    }
}
