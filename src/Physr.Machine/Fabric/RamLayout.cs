// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Fabric;

/// <summary>Where RAM lies in physical address space: below the 32-bit PCI hole at 3 GiB, and from 4 GiB on, as on every PC.</summary>
/// <param name="Bytes">Size of RAM.</param>
public sealed record RamLayout(ulong Bytes)
{
    /// <summary>End of low RAM, where the 32-bit hole for MMIO begins.</summary>
    public const ulong LowLimit = 3UL << 30;

    /// <summary>Start of high RAM.</summary>
    public const ulong HighBase = 4UL << 30;

    /// <summary>The RAM below 4 GiB.</summary>
    public PhysicalRange Low => new(new(0), Math.Min(Bytes, LowLimit));

    /// <summary>The RAM from 4 GiB on; may be empty.</summary>
    public PhysicalRange High => new(new(HighBase), Bytes - Low.Length);

    /// <summary>Offset in the RAM's memory of a physical address, with the bytes that follow contiguously; false outside RAM.</summary>
    public bool TryLocate(ulong address, out PhysicalRange range, out ulong offset)
    {
        range = address < LowLimit ? Low : High;
        offset = address < LowLimit ? 0 : Low.Length;
        return range.Contains(new PhysicalAddress(address));
    }
}
