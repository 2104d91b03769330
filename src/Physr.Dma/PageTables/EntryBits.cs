// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.PageTables;

/// <summary>What all three formats have in common: 512 entries of 8 bytes in a table of 4 KiB, and addresses in bits 51:12 of an entry.</summary>
internal static class EntryBits
{
    /// <summary>log2 of the entries in a table.</summary>
    public const int IndexBits = 9;

    /// <summary>Where an entry holds an address: bits 51:12.</summary>
    public const ulong Address = 0x000f_ffff_ffff_f000;

    /// <summary>One past the highest physical address that an entry can hold: 2^52.</summary>
    public const ulong PhysicalEnd = 1UL << 52;

    /// <summary>log2 of the bytes that one entry of a table of this level covers.</summary>
    public static int Shift(int level) => PageSize.Shift4K - IndexBits + (IndexBits * level);

    /// <summary>Bytes that one entry of a table of this level covers, less one.</summary>
    public static ulong SpanMask(int level) => (1UL << Shift(level)) - 1;

    /// <summary>Which entry of a table of this level an address goes through.</summary>
    public static int Index(ulong address, int level) => (int)(address >> Shift(level)) & (TablePage.Entries - 1);

    /// <summary>The level of the tables that leaves of this size are in.</summary>
    public static int LevelOf(int shift) => ((shift - PageSize.Shift4K) / IndexBits) + 1;
}
