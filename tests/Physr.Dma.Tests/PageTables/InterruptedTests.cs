// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.PageTables;

/// <summary>Interleavings of two calls, one stopped in the middle while the other runs from end to end.</summary>
public sealed class InterruptedTests
{
    private const ulong Block = PageSize.Size1G;

    public static TheoryData<IoPageTableFormat> Formats => TableRig.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_AWalkThatMeetsATableOfAnotherLifeBeginsAgain(IoPageTableFormat format) => Of(format).RecycledTable();

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_APageServesOneLevelOnly(IoPageTableFormat format)
    {
        using IoPageTable table = new(format, new() { PageSizes = PageSize.Size4K });
        Assert.Equal(Errno.None, table.Map(3 * Block - 0x1000, 0, 0x1000));
        Assert.Equal(Errno.None, table.Map(4 * Block - 0x1000, 0, 0x1000));
        Assert.Equal(Errno.None, table.Map(Block, 0, Block));
        ulong page = table.Entry(Block, 3) & EntryBits.Address;
        Assert.Equal(Block, table.Unmap(Block, Block));

        // As many tables of pages as there are free pages of either kind.
        Assert.Equal(Errno.None, table.Map(2 * Block, 0, Block - PageSize.Size2M));
        Assert.Equal(Errno.None, table.Map(3 * Block, 0, 2 * PageSize.Size2M));
        for (ulong iova = 2 * Block; iova <= 3 * Block + PageSize.Size2M; iova += PageSize.Size2M)
        {
            Assert.NotEqual(page, table.Entry(iova, 2) & EntryBits.Address);
        }

        Assert.Equal(Errno.None, table.Map(5 * Block, 0, 0x1000));
        Assert.Equal(page, table.Entry(5 * Block, 3) & EntryBits.Address);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_CleaningALeafDoesNotBringItBack(IoPageTableFormat format) => Of(format).CleanedAway();

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79c_TwoThatGrowTheTopAtOnceBothFindTheirWay(IoPageTableFormat format) => Of(format).GrownTwice();

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_TwoThatNeedTheSameTableShareIt(IoPageTableFormat format) => Of(format).SameTable();

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_AMapThatIsOvertakenUndoesWhatItWrote_AndOwesItsInvalidation(IoPageTableFormat format) => Of(format).Overtaken();

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_OfTwoThatUnmapTheSameTableOneFreesIt(IoPageTableFormat format) => Of(format).CutTwice();

    private static Cases Of(IoPageTableFormat format) => format switch
    {
        IoPageTableFormat.AmdV1 => new Cases<AmdV1Format>(),
        IoPageTableFormat.VtdSecondStage => new Cases<VtdSecondStageFormat>(),
        _ => new Cases<X86_64Format>(),
    };

    private abstract class Cases
    {
        public abstract void RecycledTable();

        public abstract void CleanedAway();

        public abstract void GrownTwice();

        public abstract void SameTable();

        public abstract void Overtaken();

        public abstract void CutTwice();
    }

    private sealed class Cases<TFormat> : Cases
        where TFormat : struct, IIoPageTableFormat
    {
        private readonly IotlbGather _gather = new();
        private FormattedTable<InterruptedFormat<TFormat>> _table = Make(PageSize.Size4K);

        public override void RecycledTable()
        {
            // Between the entry of level 2 and the table it leads to.
            foreach (bool asDevice in (bool[])[false, true])
            {
                Assert.Equal(Errno.None, Map(Block, 0x1000, PageSize.Size2M));
                Interruption.Plan("IsTable", _table.Levels - 1, () =>
                {
                    Unmap(Block, PageSize.Size2M);
                    Assert.Equal(Errno.None, Map(Block + PageSize.Size2M, 0x7000_1000, PageSize.Size2M));
                });
                if (asDevice)
                {
                    Assert.Equal(IommuFaultReason.NotMapped, _table.Access(Block + 0x5000, true, out _));
                }
                else
                {
                    Assert.False(_table.TryTranslate(Block + 0x5000, out _));
                }

                Assert.True(Interruption.HasHappened);
                Unmap(Block + PageSize.Size2M, PageSize.Size2M);
            }
        }

        public override void CleanedAway()
        {
            _table.TracksDirty = true;
            Assert.Equal(Errno.None, Map(0x1000, 0x9000, 0x1000));
            Assert.Equal(IommuFaultReason.None, _table.Access(0x1000, true, out _));
            int reported = 0;

            // Between the look at the bit and its clearing.
            Interruption.Plan("Dirty", 2, () => Unmap(0x1000, 0x1000));
            _table.ReadDirty(0, Block, true, _gather, _ => reported++);
            Assert.True(Interruption.HasHappened);
            Assert.Equal(1, reported);
            Assert.False(_table.TryTranslate(0x1000, out _));
        }

        public override void GrownTwice()
        {
            ulong far = 1UL << (TFormat.AddressBits(TFormat.UsualLevels) + 1);
            Interruption.Plan("Table", 1, () => Assert.Equal(Errno.None, Map(far, 0x5000, 0x1000)));
            Assert.Equal(Errno.None, Map(far + 0x40_0000, 0x6000, 0x1000));
            Assert.True(Interruption.HasHappened);
            Assert.Equal(0x5000UL, Walk(far));
            Assert.Equal(0x6000UL, Walk(far + 0x40_0000));
            Assert.Equal(TFormat.UsualLevels + 1, _table.Levels);

            // Two tops, then level by level down to two tables of pages.
            Assert.Equal(TFormat.UsualLevels + 3, _table.Pool.Pages);
        }

        public override void SameTable()
        {
            long before = _table.Pool.Pages;
            Interruption.Plan("Table", 1, () => Assert.Equal(Errno.None, Map(Block + 0x1000, 0x5000, 0x1000)));
            Assert.Equal(Errno.None, Map(Block + 0x3000, 0x6000, 0x1000));
            Assert.True(Interruption.HasHappened);
            Assert.Equal(0x5000UL, Walk(Block + 0x1000));
            Assert.Equal(0x6000UL, Walk(Block + 0x3000));
            Assert.Equal(before + TFormat.UsualLevels - 1, _table.Pool.Pages);
        }

        public override void Overtaken()
        {
            _table = Make(ulong.MaxValue);
            Assert.Equal(Errno.None, Map(0, 0, 0x1000));
            long before = _table.Pool.Pages;

            // Two tables of pages; by the time the second is made, a large leaf is where it belongs.
            ulong start = PageSize.Size2M;
            ulong second = 2 * PageSize.Size2M;
            Interruption.Plan("Table", 2, () => Assert.Equal(Errno.None, Map(second, Block, PageSize.Size2M)));
            Assert.Equal(Errno.EEXIST, Map(start, 0x1000, 2 * PageSize.Size2M));
            Assert.True(Interruption.HasHappened);
            Assert.False(_table.TryTranslate(start, out _));
            Assert.Equal(Block + 5, Walk(second + 5));
            Assert.Equal(before + 1, _table.Pool.Pages);

            Assert.Equal(0UL, _table.Unmap(start, start + 0xfff, _gather));
            Assert.Equal((start, second), (_gather.Start, _gather.End));
            _table.Free(_gather.FreedTables);
            Assert.Equal(before, _table.Pool.Pages);
        }

        public override void CutTwice()
        {
            Assert.Equal(Errno.None, Map(Block, 0x1000, 2 * PageSize.Size2M));
            long before = _table.Pool.Pages;
            IotlbGather inner = new();
            int cuts = 0;

            // Each time round: the table is seen, then gone.
            for (int nth = 1; nth <= 6; nth++)
            {
                Interruption.Plan("IsTable", nth, () => _table.Unmap(Block, Block + PageSize.Size2M - 1, inner));
                _table.Unmap(Block, Block + (2 * PageSize.Size2M) - 1, _gather);
                Interruption.Plan("never", 1, static () => { });
                cuts += inner.FreedTables.Count + _gather.FreedTables.Count;
                Assert.Equal(cuts, inner.FreedTables.Concat(_gather.FreedTables).Distinct().Count());
                _table.Free(inner.FreedTables);
                _table.Free(_gather.FreedTables);
                Assert.Equal(before - cuts, _table.Pool.Pages);
                Unmap(Block + PageSize.Size2M, PageSize.Size2M);
                Assert.Equal(before - 2, _table.Pool.Pages);
                Assert.Equal(Errno.None, Map(Block, 0x1000, 2 * PageSize.Size2M));
                cuts = 0;
            }
        }

        private static FormattedTable<InterruptedFormat<TFormat>> Make(ulong sizes) =>
            IoPageTable.Create<InterruptedFormat<TFormat>>(IoPageTableFormat.X86_64, new() { PageSizes = sizes });

        private Errno Map(ulong iova, ulong physical, ulong length) => _table.Map(iova, physical, length, TableRig.ReadWrite);

        private void Unmap(ulong iova, ulong length)
        {
            _table.Unmap(iova, iova + length - 1, _gather);
            _table.Free(_gather.FreedTables);
            _gather.Reset();
        }

        private ulong? Walk(ulong iova) => _table.TryTranslate(iova, out IommuTranslation found) ? found.Address.Value : null;
    }
}
