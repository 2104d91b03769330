// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.PageTables;

/// <summary>Arguments nobody should pass, allocations that fail, and what a steady state costs.</summary>
public sealed class HostileTests
{
    public static TheoryData<IoPageTableFormat> Formats => TableRig.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_WhatCannotBeMappedIsRefused_AndChangesNothing(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        ulong end = table.Aperture.End.Value;
        (ulong Iova, ulong Physical, ulong Length, IommuAccess Access, Errno Errno)[] attempts =
        [
            (0, 0, 0, TableRig.ReadWrite, Errno.EINVAL),
            (1, 0, 0x1000, TableRig.ReadWrite, Errno.EINVAL),
            (0, 0x800, 0x1000, TableRig.ReadWrite, Errno.EINVAL),
            (0, 0, 0x1001, TableRig.ReadWrite, Errno.EINVAL),
            (0, 0, ulong.MaxValue, TableRig.ReadWrite, Errno.EINVAL),
            (0, 0, 0x1000, IommuAccess.None, Errno.EINVAL),
            (0, 0, 0x1000, IommuAccess.Cache, Errno.EINVAL),
            (0, 0, 0x1000, TableRig.ReadWrite | (IommuAccess)0x4000, Errno.EINVAL),
            (end, 0, 0x1000, TableRig.ReadWrite, Errno.ERANGE),
            (end - 0x1000, 0, 0x2000, TableRig.ReadWrite, Errno.ERANGE),
            (0xffff_ffff_ffff_f000, 0, 0x1000, TableRig.ReadWrite, Errno.ERANGE),
            (0x1000, 0, 0xffff_ffff_ffff_f000, TableRig.ReadWrite, Errno.ERANGE),
            (0x2000, 0, 0xffff_ffff_ffff_f000, TableRig.ReadWrite, Errno.ERANGE),
            (0, 1UL << 52, 0x1000, TableRig.ReadWrite, Errno.ERANGE),
            (0, 0xf_ffff_ffff_f000, 0x2000, TableRig.ReadWrite, Errno.ERANGE),
            (0, 0xffff_ffff_ffff_f000, 0x2000, TableRig.ReadWrite, Errno.ERANGE),
        ];
        foreach ((ulong iova, ulong physical, ulong length, IommuAccess access, Errno errno) in attempts)
        {
            Assert.Equal(errno, table.Map(iova, physical, length, access));
        }

        Assert.Equal(1, table.TablePages);
        Assert.Equal(0UL, table.Entry(0, table.Levels));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_UnmapsOfNonsenseDoNothing_AndLengthsBeyondTheEndAreHoles(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        ulong end = table.Aperture.End.Value;
        Assert.Equal(Errno.None, table.Map(end - 0x3000, 0, 0x3000));
        Assert.Equal(0UL, table.Unmap(end - 0x3000, 0));
        Assert.Equal(0UL, table.Unmap(end - 0x2fff, 0x1000));
        Assert.Equal(0UL, table.Unmap(end - 0x3000, 0x1fff));
        Assert.Equal(0UL, table.Unmap(end, 0x1000));
        Assert.Equal(0UL, table.Unmap(0xffff_ffff_ffff_f000, 0xffff_ffff_ffff_f000));
        Assert.Equal(0x3000UL, table.Unmap(end - 0x3000, 0xffff_ffff_ffff_f000));
    }

    [Fact]
    public void R79_MorePagesThanAllowedAreRefusedAtOnce()
    {
        using IoPageTable table = new(IoPageTableFormat.AmdV1, new() { PageSizes = PageSize.Size4K, MaxTablePages = 1000 });
        Assert.Equal(Errno.ENOMEM, table.Map(0, 0, 1UL << 52));
        Assert.Equal(1, table.TablePages);
        Assert.Equal(3, table.Levels);
        Assert.Equal(Errno.None, table.Map(0, 0, PageSize.Size1G));
        Assert.Equal(Errno.ENOMEM, table.Map(PageSize.Size1G, 0, PageSize.Size1G));
    }

    [Theory]
    [InlineData(IoPageTableFormat.AmdV1, 7, null, ulong.MaxValue)]
    [InlineData(IoPageTableFormat.AmdV1, 0, null, ulong.MaxValue)]
    [InlineData(IoPageTableFormat.AmdV1, null, 65, ulong.MaxValue)]
    [InlineData(IoPageTableFormat.AmdV1, null, 12, ulong.MaxValue)]
    [InlineData(IoPageTableFormat.AmdV1, 4, 39, ulong.MaxValue)]
    [InlineData(IoPageTableFormat.X86_64, 3, null, ulong.MaxValue)]
    [InlineData(IoPageTableFormat.X86_64, null, 57, ulong.MaxValue)]
    [InlineData(IoPageTableFormat.X86_64, null, null, 0x2000UL)]
    [InlineData(IoPageTableFormat.VtdSecondStage, 2, null, ulong.MaxValue)]
    [InlineData(IoPageTableFormat.VtdSecondStage, null, null, 0UL)]
    [InlineData((IoPageTableFormat)9, null, null, ulong.MaxValue)]
    public void R79_OptionsThatDoNotFitAreRefused(IoPageTableFormat format, int? levels, int? bits, ulong sizes)
    {
        PhysrException refused = Assert.Throws<PhysrException>(() => new IoPageTable(format, new() { StartingLevels = levels, MaxAddressBits = bits, PageSizes = sizes }));
        Assert.Equal(Errno.EINVAL, refused.Errno);
    }

    [Fact]
    public void R79_AGranuleLargerThan4KiBIsKeptTo()
    {
        using IoPageTable table = new(IoPageTableFormat.X86_64, new() { PageSizes = PageSize.Size2M });
        Assert.Equal(PageSize.Size2M, table.PageSizes);
        Assert.Equal(Errno.EINVAL, table.Map(0x1000, 0x1000, PageSize.Size2M));
        Assert.Equal(Errno.None, table.Map(0, 0, 3 * PageSize.Size2M));
        Assert.Equal(0UL, table.Unmap(PageSize.Size2M, 0x1000));
        Assert.Equal(PageSize.Size2M, table.Unmap(PageSize.Size2M, PageSize.Size2M));
    }

    [Fact]
    public void R79_AnotherTablesGatherIsRefusedWhole()
    {
        using IoPageTable one = new(IoPageTableFormat.X86_64, new() { PageSizes = PageSize.Size4K });
        using IoPageTable other = new(IoPageTableFormat.X86_64, new() { PageSizes = PageSize.Size4K });
        IotlbGather gather = new();
        foreach (IoPageTable table in (IoPageTable[])[one, other])
        {
            Assert.Equal(Errno.None, table.Map(0, 0, PageSize.Size2M));
            Assert.Equal(PageSize.Size2M, table.Unmap(new(0), PageSize.Size2M, gather));
        }

        long pages = one.TablePages;
        Assert.Equal(Errno.EINVAL, Assert.Throws<PhysrException>(() => one.FreeTables(gather)).Errno);
        Assert.Equal(pages, one.TablePages);
        Assert.Equal(2, gather.FreedTables.Count);
    }

    [Fact]
    public void R79_ADisposedTableSaysSo()
    {
        IoPageTable table = new(IoPageTableFormat.X86_64);
        table.Dispose();
        table.Dispose();
        Assert.Equal(0, table.TablePages);
        Assert.Throws<ObjectDisposedException>(() => table.Map(0, 0, 0x1000));
        Assert.Throws<ObjectDisposedException>(() => table.TryTranslate(new(0), out _));
        Assert.Throws<ObjectDisposedException>(() => table.Unmap(0, 0x1000));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_R91_AMapWhoseNthPageFailsLeavesNothing(IoPageTableFormat format)
    {
        FailNth.Repeat(least: 9, gate =>
        {
            IoPageTable table;
            try
            {
                table = new(format, new() { Gate = gate, PageSizes = PageSize.Size4K });
            }
            catch (PhysrException refused)
            {
                Assert.Equal(Errno.ENOMEM, refused.Errno);
                return false;
            }

            using (table)
            {
                // In one table, over two, over the end of the top, and from there on.
                ulong top = format == IoPageTableFormat.X86_64 ? 1UL << 47 : 1UL << 39;
                (ulong Iova, ulong Length)[] maps = [(0x1000, 0x1000), (PageSize.Size2M - 0x1000, 3 * PageSize.Size2M), (top - 0x2000, 0x4000), (top + PageSize.Size1G, 0x1000)];
                long failures = 0;
                foreach ((ulong iova, ulong length) in maps)
                {
                    long pages = table.TablePages;
                    int levels = table.Levels;
                    Errno errno = table.Map(iova, 0x10_0000, length);
                    if (errno != Errno.None)
                    {
                        Assert.Equal(Errno.ENOMEM, errno);
                        Assert.Equal("IO page table", gate.FailedAt);
                        Assert.Equal((pages, levels), (table.TablePages, table.Levels));
                        Assert.Null(table.Walk(iova));
                        Assert.Null(table.Walk(iova + length - 1));
                        failures++;
                        Assert.Equal(Errno.None, table.Map(iova, 0x10_0000, length));
                    }

                    Assert.Equal(table.Reachable(), table.TablePages);
                }

                foreach ((ulong iova, ulong length) in maps)
                {
                    Assert.Equal(0x10_0000 + length - 1, table.Walk(iova + length - 1));
                    Assert.Equal(length, table.Unmap(iova, length));
                }

                Assert.Equal(table.Reachable(), table.TablePages);
                Assert.InRange(failures, 0, 1);
                return failures == 0;
            }
        });
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_MappingAndUnmappingAllocateNothingOnTheManagedHeap(IoPageTableFormat format)
    {
        using IoPageTable table = new(format, new() { TracksDirty = true });
        IotlbGather gather = new();
        Action<DmaRange> ignore = static _ => { };
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                _ = table.Map(0x1000, 0x1000, 0x1000);
                _ = table.Map(PageSize.Size2M, 0x1000, PageSize.Size2M * 3);
                _ = table.Map(PageSize.Size1G, 0, PageSize.Size1G + PageSize.Size2M);
                _ = table.TryAccess(new(PageSize.Size2M), true, out _, out _);
                table.ReadDirty(new(new(0), PageSize.Size1G), true, gather, ignore);
                _ = table.Unmap(new(0x1000), 0x1000, gather);
                _ = table.Unmap(new(PageSize.Size2M), PageSize.Size2M * 3, gather);
                _ = table.Unmap(new(PageSize.Size1G), PageSize.Size1G + PageSize.Size2M, gather);
                table.FreeTables(gather);
                gather.Reset();
            }
        }));
    }
}
