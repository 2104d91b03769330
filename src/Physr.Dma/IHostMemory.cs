// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma;

/// <summary>RAM as the DMA layer needs it: pages to take for bounce slots and coherent buffers, and the CPU's loads and stores, with which it bounces.</summary>
public interface IHostMemory
{
    /// <summary>Takes page-aligned, physically contiguous RAM.</summary>
    /// <param name="length">Bytes, rounded up to 4 KiB; not zero.</param>
    /// <param name="last">The highest address any of its bytes may have.</param>
    /// <param name="purpose">For leak reports.</param>
    /// <param name="range">The run.</param>
    /// <returns><see cref="Errno.ENOMEM"/> where no free run is that long so low.</returns>
    Errno TryAllocate(ulong length, PhysicalAddress last, string purpose, out PhysicalRange range);

    /// <summary>Gives a run back, as it was taken.</summary>
    void Free(PhysicalRange range);

    /// <summary>Copies bytes out of RAM, as the CPU.</summary>
    void Read(PhysicalAddress address, Span<byte> destination);

    /// <summary>Copies bytes into RAM, as the CPU.</summary>
    void Write(PhysicalAddress address, ReadOnlySpan<byte> source);
}
