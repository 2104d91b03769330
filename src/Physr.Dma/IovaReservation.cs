// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma;

/// <summary>A run of IO virtual addresses reserved for one device, to be filled range by range (the kernel's 16-byte <c>dma_iova_state</c>, row R64).</summary>
/// <remarks>A value: the caller keeps it, hands it to each step by reference, and must end it by exactly one of destroy or free.</remarks>
public struct IovaReservation
{
    private const ulong BounceBit = 1UL << 63;

    private ulong _size;

    /// <summary>Makes one: for mappers.</summary>
    /// <param name="address">The first address that the device uses.</param>
    /// <param name="length">Bytes reserved, below 2^63.</param>
    public IovaReservation(DmaAddress address, ulong length)
    {
        Address = address;
        _size = length;
    }

    /// <summary>The first address that the device uses; it keeps the sub-granule offset of the first physical address.</summary>
    public DmaAddress Address { get; private set; }

    /// <summary>Bytes reserved; 0 for none, where the streaming form has to be used.</summary>
    public readonly ulong Length => _size & ~BounceBit;

    /// <summary>Whether any address is reserved (<c>dma_use_iova</c>).</summary>
    public readonly bool IsReserved => Length != 0;

    /// <summary>Whether a part of it goes through a bounce slot (bit 63 of the kernel's size, row R64f).</summary>
    public readonly bool UsesBounce => (_size & BounceBit) != 0;

    internal void MarkBounced() => _size |= BounceBit;

    internal void Clear()
    {
        Address = default;
        _size = 0;
    }
}
