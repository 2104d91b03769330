// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>An entry of the GPU's page tables: 64 bits, little-endian, 512 to a table of 4 KiB, four levels of tables for 48-bit virtual addresses.</summary>
/// <remarks>Tables lie in the GPU's own memory. Level 3 is the root and translates bits 47 to 39, level 0 bits 20 to 12. Leaves are at level 0 (4 KiB) and, with
/// <see cref="Large"/>, at level 1 (2 MiB). Where <see cref="Valid"/> is clear, the rest belongs to the driver. In an entry that leads to a table only
/// <see cref="Valid"/> and the address may be set.</remarks>
/// <param name="Raw">The 64 bits.</param>
public readonly record struct GpuPageEntry(ulong Raw)
{
    /// <summary>Bits of a virtual address; the rest must be zero.</summary>
    public const int VirtualBits = 48;

    /// <summary>Levels of tables; the root is level 3.</summary>
    public const int Levels = 4;

    /// <summary>Entries of a table.</summary>
    public const int EntriesPerTable = 512;

    /// <summary>Bytes of a table.</summary>
    public const int TableSize = 4096;

    /// <summary>The level at which an entry may map 2 MiB.</summary>
    public const int LargeLevel = 1;

    /// <summary>The entry means something.</summary>
    public const ulong Valid = 1 << 0;

    /// <summary>At level 1: maps 2 MiB instead of leading to a table. Reserved elsewhere.</summary>
    public const ulong Large = 1 << 1;

    /// <summary>Leaf: may be written.</summary>
    public const ulong Writable = 1 << 2;

    /// <summary>Leaf: atomics are allowed, because no one else has the page meanwhile; means nothing unless writable.</summary>
    public const ulong Atomic = 1 << 3;

    /// <summary>Leaf: the address is one on the bus (system memory, coherent); clear, an offset in the GPU's memory.</summary>
    public const ulong System = 1 << 4;

    /// <summary>Where the page or table is: bits 51 to 12. A 2 MiB page is aligned to its size.</summary>
    public const ulong AddressMask = 0x000F_FFFF_FFFF_F000;

    /// <summary>Bits of an address that an entry can hold.</summary>
    public const int AddressBits = 52;

    private const ulong LeafBits = Valid | Writable | Atomic | System | AddressMask;

    /// <summary>Whether the entry means something.</summary>
    public bool IsValid => (Raw & Valid) != 0;

    /// <summary>Where the page or table is.</summary>
    public ulong Address => Raw & AddressMask;

    /// <summary>Whether a leaf's address is one on the bus.</summary>
    public bool IsSystem => (Raw & System) != 0;

    /// <summary>An entry that leads to a table.</summary>
    public static GpuPageEntry ToTable(ulong memoryOffset) => new(Valid | memoryOffset);

    /// <summary>Whether a valid entry of a level maps a page, by its bits.</summary>
    public bool IsLeaf(int level) => level == 0 || (level == LargeLevel && (Raw & Large) != 0);

    /// <summary>Whether reserved bits of a valid entry of a level are clear and its address is aligned.</summary>
    public bool IsWellFormed(int level) => level switch
    {
        0 => (Raw & ~LeafBits) == 0,
        LargeLevel when (Raw & Large) != 0 => (Raw & ~(LeafBits | Large)) == 0 && Address % PageSize.Size2M == 0,
        _ => (Raw & ~(Valid | AddressMask)) == 0,
    };

    /// <summary>Which entry of a level's table translates an address.</summary>
    public static int IndexOf(ulong virtualAddress, int level) => (int)(virtualAddress >> (PageSize.Shift4K + (9 * level))) & (EntriesPerTable - 1);

    /// <summary>Bytes that one entry of a level translates.</summary>
    public static ulong Span(int level) => PageSize.Size4K << (9 * level);

    /// <summary>Whether a leaf allows an access.</summary>
    public bool Allows(GpuAccess access) => access switch
    {
        GpuAccess.Read => true,
        GpuAccess.Write => (Raw & Writable) != 0,
        _ => (Raw & (Writable | Atomic)) == (Writable | Atomic),
    };
}
