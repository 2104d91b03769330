// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>Bits of a first-stage entry (Intel VT-d specification, section 9.7, "First-Stage Paging Entries"). Every level has the same layout.</summary>
internal static class VtdStage1Entry
{
    public const ulong Present = 1UL << 0;
    public const ulong Writable = 1UL << 1;
    public const ulong User = 1UL << 2;
    public const ulong Accessed = 1UL << 5;
    public const ulong Dirty = 1UL << 6;
    public const ulong Large = 1UL << 7;
    public const ulong ExtendedAccessed = 1UL << 10;
    public const ulong AddressMask = 0x000F_FFFF_FFFF_F000;

    /// <summary>Bytes of one entry.</summary>
    public const int Size = 8;

    /// <summary>Bits of address that one level translates.</summary>
    public const int BitsPerLevel = 9;

    /// <summary>Bits below the lowest level.</summary>
    public const int PageShift = 12;

    /// <summary>The highest level that can end a walk, counted from 1: 1 GiB pages.</summary>
    public const int HighestLeaf = 3;

    /// <summary>The address bit at which a level's part begins.</summary>
    public static int ShiftOf(int level) => PageShift + (BitsPerLevel * (level - 1));
}
