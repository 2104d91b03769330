// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Btt;

/// <summary>One entry of the map, raw: 30 bits of block, bit 30 error, bit 31 zero. Both bits set is a plain entry; neither is one that was never written, whose block has the sector's own number.</summary>
internal readonly record struct BttMapEntry(uint Raw)
{
    private const uint ErrorBit = 1U << 30;
    private const uint ZeroBit = 1U << 31;
    private const uint BlockMask = ErrorBit - 1;

    /// <summary>The sector reads as zeros, whatever its block holds.</summary>
    public bool IsZero => (Raw & (ErrorBit | ZeroBit)) == ZeroBit;

    /// <summary>The sector cannot be read until it is written.</summary>
    public bool IsError => (Raw & (ErrorBit | ZeroBit)) == ErrorBit;

    public static BttMapEntry Plain(uint block) => new(block | ErrorBit | ZeroBit);

    public static BttMapEntry Zero(uint block) => new(block | ZeroBit);

    public static BttMapEntry Error(uint block) => new(block | ErrorBit);

    /// <summary>The block of a sector.</summary>
    public uint BlockOf(uint sector) => (Raw & (ErrorBit | ZeroBit)) == 0 ? sector : Raw & BlockMask;

    /// <summary>The block in a word of the flog, which may carry the same bits.</summary>
    public static uint BlockIn(uint word) => word & BlockMask;
}
