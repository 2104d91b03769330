// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>Gives an array memory with a physical address, for parity and metadata on their way to members that do DMA. Asked once, when an array is put together.</summary>
public interface IStripeMemory
{
    /// <summary>Takes memory that the CPU can address, in one run of physical addresses that begins at a multiple of 4 KiB.</summary>
    /// <returns><see cref="Errno.ENOMEM"/>.</returns>
    Errno TryAllocate(ulong bytes, out PhysicalRange range);

    /// <summary>Gives it back.</summary>
    void Free(PhysicalRange range);
}
