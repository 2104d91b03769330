// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.PageTables;

/// <summary>Tables that grow, map and unmap: the second half of the kernel's generic page table tests (section 4.4).</summary>
public sealed class TableTests
{
    public static TheoryData<IoPageTableFormat> Formats => TableRig.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_init(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        Assert.Equal(format == IoPageTableFormat.X86_64 ? 4 : 3, table.Levels);
        Assert.Equal(1, table.TablePages);
        Assert.Equal(0x4020_1000UL, table.PageSizes & 0x4020_1000);
        Assert.Equal(0UL, table.Aperture.Start.Value);
        Assert.Equal(format switch { IoPageTableFormat.AmdV1 => 0xffff_ffff_ffff_f000, IoPageTableFormat.VtdSecondStage => 1UL << 57, _ => 1UL << 56 }, table.Aperture.Length);
        Assert.Null(table.Walk(0));
        Assert.Equal(0UL, table.Unmap(0, table.Aperture.Length));
        Assert.Equal(0UL, table.Entry(0, table.Levels));
        Assert.False(table.TryReadEntry(new(0), table.Levels - 1, out _));
    }

    [Theory]
    [InlineData(IoPageTableFormat.AmdV1, 1, 21)]
    [InlineData(IoPageTableFormat.AmdV1, 3, 39)]
    [InlineData(IoPageTableFormat.AmdV1, 5, 57)]
    [InlineData(IoPageTableFormat.AmdV1, 6, 64)]
    [InlineData(IoPageTableFormat.VtdSecondStage, 3, 39)]
    [InlineData(IoPageTableFormat.VtdSecondStage, 4, 48)]
    [InlineData(IoPageTableFormat.VtdSecondStage, 5, 57)]
    [InlineData(IoPageTableFormat.X86_64, 4, 47)]
    [InlineData(IoPageTableFormat.X86_64, 5, 56)]
    public void R79_test_max_va(IoPageTableFormat format, int levels, int bits)
    {
        using IoPageTable table = new(format, new() { StartingLevels = levels, MaxAddressBits = bits });
        ulong end = bits == 64 ? 0xffff_ffff_ffff_f000 : 1UL << bits;
        Assert.Equal(end, table.Aperture.End.Value);
        Assert.Equal(Errno.None, table.Map(end - 0x1000, 0xf_ffff_ffff_f000, 0x1000));
        Assert.Equal(0xf_ffff_ffff_ffffUL, table.Walk(end - 1));
        Assert.Equal(levels, table.Levels);
        Assert.Equal(Errno.ERANGE, table.Map(end, 0, 0x1000));
        Assert.Equal(Errno.ERANGE, table.Map(end - 0x2000, 0, 0x3000));
        Assert.Null(table.Walk(end));
        Assert.Null(table.Walk(end - 0x1001));
        Assert.Equal(0x1000UL, table.Unmap(end - 0x1000, 0x1000));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_table_radix(IoPageTableFormat format)
    {
        // Each bit of an address above the page's changes the entry of one level, and of that level only.
        using IoPageTable table = new(format, new() { StartingLevels = format == IoPageTableFormat.AmdV1 ? 6 : 5, PageSizes = PageSize.Size4K });
        Assert.Equal(Errno.None, table.Map(0, 0, 0x1000));
        int bits = BitOperations.Log2(table.Aperture.End.Value - 1) + 1;
        for (int bit = 12; bit < bits; bit++)
        {
            ulong iova = 1UL << bit;
            Assert.Equal(Errno.None, table.Map(iova, 0x1000, 0x1000));
            int parts = (bit - 12) / 9 + 1;
            for (int level = table.Levels; level >= 1; level--)
            {
                Assert.Equal(level > parts, table.Entry(iova, level) == table.Entry(0, level));
            }

            Assert.Equal(0x1abcUL, table.Walk(iova + 0xabc));
            Assert.Equal(0xabcUL, table.Walk(0xabc));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79c_test_increase_level(IoPageTableFormat format)
    {
        int fewest = format switch { IoPageTableFormat.AmdV1 => 1, IoPageTableFormat.VtdSecondStage => 3, _ => 4 };
        int most = format == IoPageTableFormat.AmdV1 ? 6 : 5;
        int bits = format switch { IoPageTableFormat.AmdV1 => 21, IoPageTableFormat.VtdSecondStage => 39, _ => 47 };
        using IoPageTable table = new(format, new() { StartingLevels = fewest });
        Assert.Equal(Errno.None, table.Map(0x1000, 0x9000, 0x1000));
        for (int levels = fewest + 1; levels <= most; levels++, bits += 9)
        {
            // The last page that fits does not grow it; the first that does not, by one.
            Assert.Equal(Errno.None, table.Map((1UL << bits) - 0x1000, 0x1000, 0x1000));
            Assert.Equal(levels - 1, table.Levels);
            Assert.Equal(Errno.None, table.Map(1UL << bits, 0x2000, 0x1000));
            Assert.Equal(levels, table.Levels);
            Assert.Equal(0x9000UL, table.Walk(0x1000));
            Assert.Equal(0x1000UL, table.Walk((1UL << bits) - 0x1000));
            Assert.Equal(0x2000UL, table.Walk(1UL << bits));
            Assert.Equal(table.Reachable(), table.TablePages);
        }

        Assert.Equal(Errno.EEXIST, table.Map(0x1000, 0, 0x1000));
    }

    [Fact]
    public void R79c_OneMapGrowsByAsManyLevelsAsItNeeds_AndMayCrossTheOldTop()
    {
        using IoPageTable table = new(IoPageTableFormat.AmdV1, new() { StartingLevels = 1, PageSizes = 0x4020_1000 });
        ulong start = (1UL << 48) - PageSize.Size2M;
        Assert.Equal(Errno.None, table.Map(start, 0x1000, 2 * PageSize.Size2M));
        Assert.Equal(5, table.Levels);
        Assert.Equal(0x1000 + PageSize.Size2M + 5, table.Walk((1UL << 48) + 5));
        Assert.Equal(table.Reachable(), table.TablePages);
        Assert.Equal(Errno.None, table.Map(0, 0, 0x1000));
        Assert.Equal(table.Reachable(), table.TablePages);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_map_simple(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        foreach (ulong size in TableRig.Sizes(table.PageSizes).Where(size => size <= table.Aperture.End.Value / 4))
        {
            ulong physical = size < EntryBits.PhysicalEnd / 2 ? EntryBits.PhysicalEnd - (2 * size) : 0;
            Assert.Equal(Errno.None, table.Map(size, physical, size));
            Assert.Equal(new DmaRange(new(size), size), table.Leaf(size + (size / 2)));
            Assert.Equal(physical + size - 1, table.Walk((2 * size) - 1));
            Assert.Null(table.Walk(size - 1));
            Assert.Null(table.Walk(2 * size));
            Assert.Equal(size, table.Unmap(size, size));
            Assert.Null(table.Walk(size));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_map_table_to_oa(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        foreach (ulong size in TableRig.Sizes(table.PageSizes).Where(static size => size is >= PageSize.Size2M and < 1UL << 38))
        {
            Assert.Equal(Errno.None, table.Map(size, 0, 0x1000));
            Assert.Equal(Errno.EEXIST, table.Map(size, 0, size));
            Assert.Equal(0x1000UL, table.Unmap(size, 0x1000));
            long emptied = table.TablePages;
            Assert.Equal(table.Reachable(), emptied);

            Assert.Equal(Errno.None, table.Map(size, 0, size));
            Assert.Equal(size, table.Leaf(size).Length);
            long reachable = table.Reachable();
            Assert.True(reachable < emptied, "The emptied tables are cut off.");
            Assert.Equal(emptied, table.TablePages);

            // Their pages wait for the next gather, with the addresses they were for.
            IotlbGather gather = new();
            Assert.Equal(0UL, table.Unmap(new(0), 0x1000, gather));
            Assert.Equal((size, 2 * size), (gather.Start, gather.End));
            table.FreeTables(gather);
            Assert.Empty(gather.FreedTables);
            Assert.Equal(reachable, table.TablePages);
            Assert.Equal(size, table.Unmap(size, size));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_unmap_split(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        foreach (ulong size in TableRig.Sizes(table.PageSizes).Where(static size => size is > PageSize.Size4K and < 1UL << 38))
        {
            foreach (ulong piece in (ulong[])[0, size / 2, size - 0x1000])
            {
                Assert.Equal(Errno.None, table.Map(size, 0, size));
                Assert.Equal(Errno.None, table.Map(2 * size, 4 * size, size));
                IotlbGather gather = new();
                Assert.Equal(size, table.Unmap(new(size + piece), 0x1000, gather));
                Assert.Equal((size, 2 * size), (gather.Start, gather.End));
                Assert.Null(table.Walk(size));
                Assert.Null(table.Walk((2 * size) - 1));
                Assert.Equal(4 * size, table.Walk(2 * size));
                Assert.Equal(size, table.Unmap(2 * size, size));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_pgsize_boundary(IoPageTableFormat format)
    {
        // Ranges that begin and end a little off each boundary between sizes, and lead to places more or less in step with them.
        foreach (ulong boundary in (ulong[])[PageSize.Size2M, PageSize.Size1G, 1UL << 38])
        {
            using IoPageTable table = new(format);
            LeafOracle oracle = new(table.PageSizes);
            foreach (long start in (long[])[-0x20_0000, -0x2000, -0x1000, 0, 0x1000])
            {
                foreach (ulong length in (ulong[])[0x1000, 0x2000, 0x1f_f000, 0x20_0000, 0x20_1000, 0x40_3000])
                {
                    foreach (ulong shift in (ulong[])[0, 0x1000, 0x10_0000, 0x20_0000])
                    {
                        ulong iova = boundary + (ulong)start;
                        Assert.True(oracle.Map(iova, iova + shift, length));
                        Assert.Equal(Errno.None, table.Map(iova, iova + shift, length));
                        foreach ((ulong leaf, ulong size, ulong physical) in oracle.Leaves)
                        {
                            Assert.Equal(new DmaRange(new(leaf), size), table.Leaf(leaf));
                            Assert.Equal(physical + size - 1, table.Walk(leaf + size - 1));
                        }

                        Assert.Null(table.Walk(iova - 1));
                        Assert.Null(table.Walk(iova + length));
                        Assert.Equal(length, oracle.Unmap(iova, length));
                        Assert.Equal(length, table.Unmap(iova, length));
                    }
                }
            }

            Assert.Equal(table.Reachable(), table.TablePages);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_mixed(IoPageTableFormat format)
    {
        // One range in step with its target, from an odd page to an odd page over a boundary of 1 GiB: the leaves grow and shrink again.
        const ulong Iova = 0x3_fe40_1000;
        const ulong Physical = 0x7_fe40_1000;
        const ulong Length = 0x8_0180_5000;
        using IoPageTable table = new(format);
        LeafOracle oracle = new(table.PageSizes);
        Assert.True(oracle.Map(Iova, Physical, Length));
        Assert.Equal(Errno.None, table.Map(Iova, Physical, Length));
        foreach ((ulong leaf, ulong size, ulong physical) in oracle.Leaves)
        {
            Assert.Equal(new DmaRange(new(leaf), size), table.Leaf(leaf + (size / 2)));
            Assert.Equal(physical, table.Walk(leaf));
        }

        Assert.True(oracle.Leaves.Max(static leaf => leaf.Size) >= PageSize.Size1G);
        Assert.Equal(Length, table.Unmap(Iova, Length));
        Assert.Equal(table.Reachable(), table.TablePages);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_AnUnmapStopsAtTheFirstHole_AndTellsWhatToInvalidate(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        Assert.Equal(Errno.None, table.Map(0x1000, 0x10_1000, 0x3000));
        Assert.Equal(Errno.None, table.Map(0x5000, 0x20_0000, 0x1000));
        IotlbGather gather = new();
        Assert.Equal(0x3000UL, table.Unmap(new(0x1000), 0x8000, gather));
        Assert.Equal((0x1000UL, 0x4000UL), (gather.Start, gather.End));
        Assert.Equal(0x20_0000UL, table.Walk(0x5000));
        Assert.Equal(0UL, table.Unmap(0x4000, 0x8000));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_AFullTableGoesWhole_AndItsPageOnlyAfterTheGather(IoPageTableFormat format)
    {
        using IoPageTable table = new(format, new() { PageSizes = PageSize.Size4K });
        long before = table.TablePages;
        Assert.Equal(Errno.None, table.Map(PageSize.Size1G, 0, PageSize.Size1G));
        long full = table.TablePages;
        int above = table.Levels - 3;
        Assert.Equal(before + above + 513, full);
        IotlbGather gather = new();
        Assert.Equal(PageSize.Size1G, table.Unmap(new(PageSize.Size1G), PageSize.Size1G, gather));
        Assert.Single(gather.FreedTables);
        Assert.Equal(full, table.TablePages);
        Assert.Null(table.Walk(PageSize.Size1G));
        table.FreeTables(gather);
        Assert.Equal(before + above, table.TablePages);
        table.FreeTables(gather);
        Assert.Equal(before + above, table.TablePages);
    }

    [Fact]
    public void R79b_AContiguousLeafIsTheSameFromEachOfItsEntries()
    {
        using IoPageTable table = new(IoPageTableFormat.AmdV1);
        foreach (ulong size in TableRig.Sizes(table.PageSizes).Where(static size => size < 1UL << 39))
        {
            int level = EntryBits.LevelOf(BitOperations.Log2(size));
            ulong slot = EntryBits.SpanMask(level) + 1;
            ulong first = 3 * size;
            Assert.Equal(Errno.None, table.Map(first, 5 * size, size));
            for (ulong offset = 0; offset < size; offset += slot)
            {
                Assert.Equal(table.Entry(first, level), table.Entry(first + offset, level));
                Assert.Equal(new DmaRange(new(first), size), table.Leaf(first + offset));
                Assert.Equal((5 * size) + offset + slot - 1, table.Walk(first + offset + slot - 1));
            }

            Assert.Null(table.Walk(first - 1));
            Assert.Null(table.Walk(first + size));
            Assert.Equal(Errno.EEXIST, table.Map(first + size - 0x1000, 0, 0x1000));
            Assert.Equal(size, table.Unmap(first + size - 0x1000, 0x1000));
            for (ulong offset = 0; offset < size; offset += slot)
            {
                Assert.Equal(0UL, table.Entry(first + offset, level));
            }
        }
    }

    [Fact]
    public void R79b_ARangeInStepTakesTheFewestLeaves()
    {
        using IoPageTable table = new(IoPageTableFormat.AmdV1);
        Assert.Equal(Errno.None, table.Map(0x1000, 0x4000_1000, 0xf000));
        ulong[] leaves = [0x1000, 0x2000, 0x4000, 0x8000];
        Assert.All(leaves, leaf => Assert.Equal(new DmaRange(new(leaf), leaf), table.Leaf(leaf)));
        Assert.Equal(0xf000UL, table.Unmap(0x1000, 0xf000));
    }
}
