// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Storage;

namespace Physr.Machine.Pmem;

/// <summary>Persistent memory on a card: one BAR that peers and the CPU read and write, whose bytes survive a power cut. No registers.</summary>
public sealed class PmemDevice : DeviceModel
{
    /// <summary>The BAR that is the memory.</summary>
    public const int MemoryBar = 0;

    // A memory controller of no further kind (PCI Code and ID Assignment, class 05h, sub-class 80h).
    private const uint MemoryClass = 0x058000;

    // Beside QEMU's devices, as those of the other models.
    private const ushort RedHat = 0x1b36;
    private const ushort CardId = 0x0055;

    // What a span shows at least of something that lies in one piece.
    private const ulong OnePieceBytes = 1UL << 30;

    private readonly SparseMemory _memory;

    /// <summary>Makes a card with bytes of the run's own, zero at first.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">A power of two of at least 2 MiB.</param>
    public PmemDevice(string name, ulong bytes)
        : base(name, ProfileOf(bytes))
    {
        _memory = new(name, bytes);
        Medium = new SparseMedia(_memory);
    }

    /// <summary>Makes a card of bytes that lie elsewhere, such as in a mapped file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="medium">The bytes: a power of two of at least 2 MiB, in one piece outside the managed heap. Dispose of it after the card.</param>
    public PmemDevice(string name, PersistentMemory medium)
        : base(name, ProfileOf((medium ?? throw new ArgumentNullException(nameof(medium))).Length))
    {
        Span<byte> first = medium.WritableAt(0, medium.Length);
        if ((ulong)first.Length < Math.Min(medium.Length, OnePieceBytes))
        {
            throw new ArgumentException($"{medium} does not show its bytes in one piece, but {first.Length} of them.", nameof(medium));
        }

        _memory = new(name, medium.Length, ref first[0]);
        Medium = medium;
    }

    /// <summary>The bytes, with what makes them durable.</summary>
    public PersistentMemory Medium { get; }

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
        bool isMemory = bar == MemoryBar && offset < _memory.Length;
        memory = isMemory ? _memory : null;
        memoryOffset = offset;
        length = isMemory ? _memory.Length - offset : 0;
        return isMemory;
    }

    /// <inheritdoc/>
    public override void OnEvent(int kind, ulong argument)
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _memory.Dispose();
        base.Dispose(disposing);
    }

    private static DeviceProfile ProfileOf(ulong bytes) => new(RedHat, CardId, MemoryClass, [new(MemoryBar, bytes, IsPrefetchable: true)]);
}
