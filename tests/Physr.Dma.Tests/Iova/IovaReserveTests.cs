// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iova;

namespace Physr.Dma.Tests.Iova;

public sealed class IovaReserveTests
{
    private const ulong Page = PageSize.Size4K;

    [Fact]
    public void R67_AReservedRange_IsNeverHandedOut_ItsGranulesWhole()
    {
        using IovaAllocator space = new(Page, new(0), new((1 << 20) - 1));
        Assert.Equal(Errno.None, space.Reserve(new(new((1 << 20) - (3 * Page) + 1), Page)));
        Assert.Equal([(1 << 20) - Page, (1 << 20) - (4 * Page), (1 << 20) - (5 * Page)], Enumerable.Range(0, 3).Select(_ => Take(space)));
    }

    [Fact]
    public void R67_ReservationsMayOverlap_AndReachOutsideTheSpace()
    {
        using IovaAllocator space = new(Page, new(1 << 20), new((2 << 20) - 1));
        Assert.Equal(Errno.None, space.Reserve(new(new(0), 1 << 20)));
        Assert.Equal(Errno.None, space.Reserve(new(new(0), (1 << 20) + (16 * Page))));
        Assert.Equal(Errno.None, space.Reserve(new(new((1 << 20) + (8 * Page)), 16 * Page)));
        Assert.Equal(Errno.None, space.Reserve(new(new((1 << 20) + (8 * Page)), 16 * Page)));
        Assert.Equal(Errno.None, space.Reserve(new(new((1 << 20) + (2 * Page)), 60 * Page)));
        Assert.Equal(Errno.None, space.Reserve(new(new((2 << 20) - (4 * Page)), 1UL << 40)));
        Assert.Equal(Errno.None, space.Reserve(new(new(1UL << 62), 1UL << 62)));
        Assert.Equal(Errno.EINVAL, space.Reserve(new(new(1 << 20), 0)));
        List<ulong> runs = [];
        while (space.TryAllocate(Page, ulong.MaxValue, out DmaAddress address) == Errno.None)
        {
            runs.Add(address.Value);
        }

        Assert.Equal(256 - 62 - 4, runs.Count);
        Assert.Equal((1UL << 20) + (62 * Page), runs.Min());
        Assert.Equal((2UL << 20) - (5 * Page), runs.Max());
    }

    [Fact]
    public void R67_WhatIsHandedOutCannotBeReserved_WhatOnlyWaitsInAMagazineCan()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 39) - 1));
        ulong run = Take(space);
        DmaRange range = new(new(run - (4 * Page)), 5 * Page);
        Assert.Equal(Errno.EBUSY, space.Reserve(range));
        space.Free(new(run), Page);
        Assert.Equal(1, space.GetStatistics().CachedCount);
        Assert.Equal(Errno.None, space.Reserve(range));
        Assert.Equal(run - (5 * Page), Take(space));
    }

    [Fact]
    public void R67_AReservationAcross4GiB_TakesFromBothSides()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 39) - 1));
        Assert.Equal(Errno.None, space.Reserve(new(new(0xfee0_0000), 0x1000_0000)));
        Assert.Equal(0xfee0_0000 - Page, Take(space));
        Assert.Equal(0x8000_0000UL, Take(space, 1UL << 30));
        List<ulong> high = [];
        while (space.TryAllocate(1 << 20, 0x1_1000_0000 - 1, out DmaAddress address) == Errno.None)
        {
            high.Add(address.Value);
        }

        Assert.Contains(0x1_0ee0_0000UL, high);
        Assert.DoesNotContain(high, at => at + (1 << 20) > 0xfee0_0000 && at < 0x1_0ee0_0000);
    }

    private static ulong Take(IovaAllocator space, ulong length = Page)
    {
        Assert.Equal(Errno.None, space.TryAllocate(length, ulong.MaxValue, out DmaAddress address));
        return address.Value;
    }
}
