// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.PageTables;

/// <summary>What a format spells, without a table: the first half of the kernel's generic page table tests (section 4.4).</summary>
public sealed class FormatTests
{
    private static readonly IommuAccess[] s_attributes = [IommuAccess.None, IommuAccess.Cache, IommuAccess.Mmio, IommuAccess.Cache | IommuAccess.Mmio];

    public static TheoryData<IoPageTableFormat> Formats => TableRig.Formats;

    [Fact]
    public void R79_test_bitops()
    {
        for (int level = 1; level <= 6; level++)
        {
            ulong span = 4096;
            for (int below = 1; below < level; below++)
            {
                span *= 512;
            }

            Assert.Equal(span, 1UL << EntryBits.Shift(level));
            Assert.Equal(span - 1, EntryBits.SpanMask(level));
            foreach (ulong iova in (ulong[])[0, 0x1234_5678_9abc_def0, ulong.MaxValue, span, span - 1, span * 511])
            {
                Assert.Equal((int)(iova / span % 512), EntryBits.Index(iova, level));
            }
        }

        for (int shift = 12; shift < 57; shift++)
        {
            Assert.Equal(Enumerable.Range(1, 6).Last(level => EntryBits.Shift(level) <= shift), EntryBits.LevelOf(shift));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_best_pgsize(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        ulong[] sizes = [.. TableRig.Sizes(table.PageSizes)];
        Random random = new(79);
        for (int i = 0; i < 20_000; i++)
        {
            ulong iova = (ulong)random.NextInt64(1L << 52) >> 12 << 12 >> random.Next(40) << random.Next(40) & ~0xfffUL;
            ulong physical = random.Next(4) == 0 ? iova : (ulong)random.NextInt64(1L << 52) & (ulong.MaxValue << random.Next(12, 50));
            ulong length = (ulong)random.NextInt64(1, 1L << random.Next(1, 40)) << 12;
            ulong best = sizes.Last(size => iova % size == 0 && physical % size == 0 && size <= length);
            Assert.Equal(best, 1UL << PageRun.BestShift(table.PageSizes, iova | physical, length));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_pgsz_count(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        ulong[] sizes = [.. TableRig.Sizes(table.PageSizes).Reverse()];
        Random random = new(80);
        for (int i = 0; i < 5_000; i++)
        {
            int alignment = random.Next(12, 32);
            ulong iova = (ulong)random.NextInt64(1L << 40) & (ulong.MaxValue << alignment);
            ulong physical = random.Next(3) == 0 ? iova : (ulong)random.NextInt64(1L << 40) & (ulong.MaxValue << random.Next(12, 32));
            ulong length = (ulong)random.NextInt64(1, 1L << random.Next(1, 20)) << 12;
            PageRun run = PageRun.At(table.PageSizes, iova, physical, length);

            // Leaf by leaf, as long as the next is of the same size and in the same table.
            ulong tableSpan = 1UL << EntryBits.Shift(run.Level + 1);
            ulong leaf = 1UL << run.Shift;
            int count = 0;
            ulong done = 0;
            while (done < length
                && (iova + done) / tableSpan == iova / tableSpan
                && sizes.First(size => (iova + done) % size == 0 && (physical + done) % size == 0 && size <= length - done) == leaf)
            {
                count++;
                done += leaf;
            }

            Assert.Equal(count, run.Leaves);
            Assert.Equal(done, run.Length);
            Assert.InRange(run.Slots, 1, 512);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_table_ptr(IoPageTableFormat format) => Of(format).TablePointers();

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_entry_possible_sizes(IoPageTableFormat format) => Of(format).PossibleSizes();

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_entry_oa(IoPageTableFormat format) => Of(format).OutputAddresses();

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_attr_from_entry(IoPageTableFormat format) => Of(format).AttributesReadBack(s_attributes);

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_sw_bit_leaf(IoPageTableFormat format) => Of(format).SoftwareBitsOfLeaves();

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_sw_bit_table(IoPageTableFormat format) => Of(format).SoftwareBitsOfTables();

    private static Checks Of(IoPageTableFormat format) => format switch
    {
        IoPageTableFormat.AmdV1 => new Checks<AmdV1Format>(),
        IoPageTableFormat.VtdSecondStage => new Checks<VtdSecondStageFormat>(),
        _ => new Checks<X86_64Format>(),
    };

    private abstract class Checks
    {
        public abstract void TablePointers();

        public abstract void PossibleSizes();

        public abstract void OutputAddresses();

        public abstract void AttributesReadBack(IommuAccess[] attributes);

        public abstract void SoftwareBitsOfLeaves();

        public abstract void SoftwareBitsOfTables();
    }

    private sealed class Checks<TFormat> : Checks
        where TFormat : struct, IIoPageTableFormat
    {
        private static readonly ulong s_usual = TFormat.Attributes(TableRig.ReadWrite, tracksDirty: true);

        public override void TablePointers()
        {
            Assert.False(TFormat.IsTable(0));
            for (int level = 1; level < TFormat.MostLevels; level++)
            {
                for (int bit = 12; bit < 52; bit++)
                {
                    ulong entry = TFormat.Table(1UL << bit, level);
                    Assert.True(TFormat.IsTable(entry));
                    Assert.Equal((nint)(1L << bit), TablePage.Of(entry).Address);
                    Assert.NotEqual(0UL, entry & TFormat.Present);
                    Assert.NotEqual(0UL, entry & TFormat.Readable);
                    Assert.NotEqual(0UL, entry & TFormat.Writable);
                }
            }
        }

        public override void PossibleSizes()
        {
            ulong seen = 0;
            foreach (ulong size in TableRig.Sizes(TFormat.PageSizes))
            {
                int shift = BitOperations.Log2(size);
                int level = EntryBits.LevelOf(shift);
                ulong entry = TFormat.Leaf(0, level, shift, s_usual);
                Assert.Equal(shift, TFormat.LeafShift(entry, level));
                Assert.False(level > 1 && TFormat.IsTable(entry));
                Assert.True(TFormat.HasContiguous || size == EntryBits.SpanMask(level) + 1, "Only a format with contiguous entries has sizes between those of the levels.");
                seen |= size;
            }

            Assert.Equal(TFormat.HasContiguous ? 0xf_ff7f_ffff_f000UL : 0x4020_1000UL, seen);
        }

        public override void OutputAddresses()
        {
            foreach (ulong size in TableRig.Sizes(TFormat.PageSizes))
            {
                int shift = BitOperations.Log2(size);
                int level = EntryBits.LevelOf(shift);
                for (int bit = shift; bit < 52; bit++)
                {
                    ulong entry = TFormat.Leaf(1UL << bit, level, shift, s_usual);
                    Assert.Equal(1UL << bit, TFormat.Physical(entry, level));
                    Assert.Equal(shift, TFormat.LeafShift(entry, level));
                }

                // The next leaf is the leaf plus its size, up to the last there can be.
                ulong last = EntryBits.PhysicalEnd - size;
                Assert.Equal(TFormat.Leaf(last, level, shift, s_usual), TFormat.Leaf(last & ~size, level, shift, s_usual) + size);
                Assert.Equal(last, TFormat.Physical(TFormat.Leaf(last, level, shift, s_usual), level));
            }
        }

        public override void AttributesReadBack(IommuAccess[] attributes)
        {
            foreach (IommuAccess access in (IommuAccess[])[IommuAccess.Read, IommuAccess.Write, TableRig.ReadWrite])
            {
                foreach (IommuAccess attribute in attributes)
                {
                    // x86-64 has no bit against reading.
                    IommuAccess expected = access | attribute | (default(TFormat) is X86_64Format ? IommuAccess.Read : IommuAccess.None);
                    foreach (ulong size in TableRig.Sizes(TFormat.PageSizes))
                    {
                        int shift = BitOperations.Log2(size);
                        ulong entry = TFormat.Leaf(EntryBits.PhysicalEnd - size, EntryBits.LevelOf(shift), shift, TFormat.Attributes(access | attribute, tracksDirty: true));
                        Assert.Equal(expected, TFormat.Access(entry));
                        Assert.Equal(expected, TFormat.Access(entry | TFormat.Accessed | TFormat.Dirty));
                        Assert.Equal(0UL, entry & TFormat.Dirty);
                        Assert.NotEqual(0UL, entry & TFormat.Present);
                    }
                }
            }
        }

        public override void SoftwareBitsOfLeaves()
        {
            ulong seen = 0;
            for (int number = 0; number < TFormat.SoftwareBits; number++)
            {
                ulong bit = TFormat.SoftwareBit(number);
                Assert.True(BitOperations.IsPow2(bit));
                Assert.Equal(0UL, bit & seen);
                seen |= bit;
                foreach (ulong size in TableRig.Sizes(TFormat.PageSizes))
                {
                    int shift = BitOperations.Log2(size);
                    int level = EntryBits.LevelOf(shift);
                    ulong entry = TFormat.Leaf(EntryBits.PhysicalEnd - size, level, shift, s_usual);
                    Assert.Equal(0UL, entry & bit);
                    Assert.Equal(EntryBits.PhysicalEnd - size, TFormat.Physical(entry | bit, level));
                    Assert.Equal(shift, TFormat.LeafShift(entry | bit, level));
                    Assert.False(level > 1 && TFormat.IsTable(entry | bit));
                }

                Assert.Equal(0UL, bit & TFormat.Present);
            }

            // The first says that a leaf leads to a device's memory, which no format has a bit for.
            Assert.Equal(TFormat.SoftwareBit(0), TFormat.Attributes(IommuAccess.Read | IommuAccess.Mmio, true) ^ TFormat.Attributes(IommuAccess.Read, true));
        }

        public override void SoftwareBitsOfTables()
        {
            for (int number = 0; number < TFormat.SoftwareBits; number++)
            {
                for (int level = 1; level < TFormat.MostLevels; level++)
                {
                    ulong entry = TFormat.Table(0xf_ffff_ffff_f000, level);
                    ulong bit = TFormat.SoftwareBit(number);
                    Assert.Equal(0UL, entry & bit);
                    Assert.True(TFormat.IsTable(entry | bit));
                    Assert.False(TFormat.IsTable(bit));
                    Assert.Equal(EntryBits.Address, (ulong)TablePage.Of(entry | bit).Address);
                }
            }
        }
    }
}
