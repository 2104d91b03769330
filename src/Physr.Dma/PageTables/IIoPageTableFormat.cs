// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.PageTables;

/// <summary>How one format spells its entries: constants of a specification and the arithmetic between them, nothing that walks or allocates.</summary>
/// <remarks>Implemented by empty structs, so that the JIT compiles the engine once for each format with everything here inlined. Levels are counted as the specifications
/// do: level 1 holds 4 KiB leaves. An absent entry is all zeroes.</remarks>
internal interface IIoPageTableFormat
{
    /// <summary>The fewest levels that hardware walks.</summary>
    static abstract int FewestLevels { get; }

    /// <summary>Levels of a new table, unless its maker says otherwise.</summary>
    static abstract int UsualLevels { get; }

    /// <summary>The most levels that hardware walks.</summary>
    static abstract int MostLevels { get; }

    /// <summary>The leaf sizes it can spell, a bit each.</summary>
    static abstract ulong PageSizes { get; }

    /// <summary>Whether a leaf may take several entries of its table.</summary>
    static abstract bool HasContiguous { get; }

    /// <summary>Whether hardware marks leaves whether asked to or not; where not, only while dirty pages are tracked.</summary>
    static abstract bool AlwaysMarks { get; }

    /// <summary>Whether hardware marks the entries that lead to tables as accessed too.</summary>
    static abstract bool MarksTables { get; }

    /// <summary>Bits of which a present entry has at least one.</summary>
    static abstract ulong Present { get; }

    /// <summary>The bit that allows reading, at every level.</summary>
    static abstract ulong Readable { get; }

    /// <summary>The bit that allows writing, at every level.</summary>
    static abstract ulong Writable { get; }

    /// <summary>The bit that hardware sets when it uses an entry.</summary>
    static abstract ulong Accessed { get; }

    /// <summary>The bit that hardware sets in a leaf that is written through.</summary>
    static abstract ulong Dirty { get; }

    /// <summary>How many bits of an entry hardware leaves to software.</summary>
    static abstract int SoftwareBits { get; }

    /// <summary>One of the bits that hardware leaves to software, in leaves and in entries that lead to tables.</summary>
    static abstract ulong SoftwareBit(int number);

    /// <summary>How many bits of an address a table of so many levels translates.</summary>
    static abstract int AddressBits(int levels);

    /// <summary>The entry that leads to a table.</summary>
    /// <param name="address">Where the table is, 4 KiB-aligned.</param>
    /// <param name="level">The level of that table.</param>
    static abstract ulong Table(ulong address, int level);

    /// <summary>Whether an entry above level 1 is present and leads to a table.</summary>
    static abstract bool IsTable(ulong entry);

    /// <summary>The leaf entry, the same in each slot that the leaf takes. Adding a leaf's size makes the next leaf's.</summary>
    /// <param name="physical">Aligned to the leaf's size.</param>
    /// <param name="level">The level of the table that the leaf is in.</param>
    /// <param name="shift">log2 of the leaf's size.</param>
    /// <param name="attributes">From <see cref="Attributes"/>.</param>
    static abstract ulong Leaf(ulong physical, int level, int shift, ulong attributes);

    /// <summary>log2 of the size of a leaf in a table of this level.</summary>
    static abstract int LeafShift(ulong entry, int level);

    /// <summary>Where a leaf begins in physical memory.</summary>
    static abstract ulong Physical(ulong entry, int level);

    /// <summary>What a leaf carries beside its address.</summary>
    /// <param name="access">What devices may do.</param>
    /// <param name="tracksDirty">Whether a write is to be seen later; where not, a format that always marks is spared the work.</param>
    static abstract ulong Attributes(IommuAccess access, bool tracksDirty);

    /// <summary>What a leaf allows.</summary>
    static abstract IommuAccess Access(ulong entry);
}
