// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges.Tests;

/// <summary>The figures and edges of range lists that single examples show best (rows R59 and R60).</summary>
public class RangeListTests
{
    private static readonly ProviderIndex Bar = new(7);

    [Fact]
    public void R59a_AGigabyteOfScatteredPages_TakesAtMost8Point2BytesAPage()
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        for (ulong page = 0; page < PageSize.Size1G / PageSize.Size4K; page++)
        {
            builder.Append(new PageFrameNumber(page * 2), Bar);
        }

        RangeList list = builder.Build();
        Assert.Equal(262_144, list.EntryCount);
        Assert.Equal(PageSize.Size1G, list.Length);
        Assert.InRange((double)list.PackedBytes / list.EntryCount, 8, 8.2);
        Assert.Equal(new PhysicalAddress(200_001UL * 2 * PageSize.Size4K).Add(17), list.Seek((200_001UL * PageSize.Size4K) + 17).Range.Start);
    }

    [Theory]
    [InlineData(0x1000, 256UL << 20, 1023, 8)]
    [InlineData(0x1000, (256UL << 20) + 0x1000, 1023, 16)]
    [InlineData((1UL << 48) - 0x1000, 0x1000, 0, 8)]
    [InlineData(1UL << 48, 0x1000, 0, 16)]
    [InlineData(0x1000, 0x1000, 1024, 24)]
    [InlineData(0x1001, 0xfff, 0, 16)]
    [InlineData(0x1000, (1UL << 52) - 1, 0, 16)]
    [InlineData(0x1000, 1UL << 52, 0, 24)]
    public void R59a_TheFormGrowsExactlyWhereItMust(ulong start, ulong length, uint provider, ulong bytes)
    {
        ProvidedRange entry = new(new(new(start), length), new(provider));
        RangeList list = RangeList.Of(entry.Range, entry.Provider);
        Assert.Equal(bytes, list.PackedBytes);
        Assert.Equal(entry, list.Seek(0));
    }

    [Fact]
    public void R59e_AContiguousTerabyte_IsOneEntryHoweverItIsAppended()
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        for (ulong at = 0; at < 1UL << 40; at += PageSize.Size1G)
        {
            builder.Append(new PhysicalRange(new((1UL << 32) + at), PageSize.Size1G), Bar);
        }

        RangeList list = builder.Build();
        Assert.Equal(1, list.EntryCount);
        Assert.Equal(16UL, list.PackedBytes);
        Assert.Equal(new ProvidedRange(new(new(1UL << 32), 1UL << 40), Bar), list.Seek(0));
        Assert.Equal(16UL, RangeList.Of(new(new(1UL << 32), 1UL << 40), Bar).PackedBytes);
    }

    [Fact]
    public void R59e_AnEntryMayCoverTheWholeSpace()
    {
        RangeList list = RangeList.Of(new(new(0), ulong.MaxValue));
        Assert.Equal(ulong.MaxValue, list.Length);
        Assert.Equal(1, list.EntryCount);
        Assert.Equal(new PhysicalAddress(ulong.MaxValue - 1), list.Seek(ulong.MaxValue - 1).Range.Start);
        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(list);
        Assert.Throws<OverflowException>(() => builder.Append(list));
    }

    [Fact]
    public void R59f_TheEmptyList_HasNoEntryAndNoByte()
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(new PhysicalRange(new(0x1000), 0), Bar);
        RangeList list = builder.Build();
        Assert.True(list.IsEmpty);
        Assert.Equal((0, 0UL, 0UL), (list.EntryCount, list.Length, list.PackedBytes));
        foreach (ProvidedRange entry in list)
        {
            Assert.Fail($"{entry} in the empty list.");
        }

        Assert.True(RangeList.Of(default).IsEmpty);
        Assert.True(list.Slice(0, 0).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => list.Seek(0));
    }

    [Fact]
    public void R60_ABuilderThatWasGivenBack_IsNoOnesAnyMore()
    {
        RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Dispose();
        Assert.Throws<ObjectDisposedException>(() => builder.Append(new PhysicalRange(new(0x1000), 0x1000)));
        Assert.Throws<ObjectDisposedException>(() => builder.TryAppendPreloaded(new PhysicalRange(new(0x1000), 0x1000)));
        Assert.Throws<ObjectDisposedException>(() => builder.Build());
        using RangeListBuilder next = RangeListBuilder.Rent();
        Assert.Equal(0UL, next.Length);
    }

    [Fact]
    public void R60c_AfterPreloading_AppendsAllocateNothing_R60d_AndWhatDoesNotFitIsEnospcAndChangesNothing()
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        bool fitted = true;
        long allocated = long.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            builder.Build();
            builder.Append(new PhysicalRange(new(0), 0x1000), Bar);
            builder.Preload(100);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (ulong i = 1; i <= 100; i++)
            {
                // The widest form there is: nothing may depend on how well entries pack.
                fitted &= builder.TryAppendPreloaded(new(new(i * 0x10001), 3), new(uint.MaxValue)) == Errno.None;
            }

            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.True(fitted);
        Assert.Equal(0, allocated);
        ulong next = 101;
        while (builder.TryAppendPreloaded(new(new(next * 0x10001), 3), new(uint.MaxValue)) == Errno.None)
        {
            next++;
        }

        Assert.Equal((int)next, builder.EntryCount);
        Assert.Equal(0x1000 + ((next - 1) * 3), builder.Length);
        Assert.Equal(Errno.ENOSPC, builder.TryAppendPreloaded(new(new(next * 0x10001), 3), new(uint.MaxValue)));
        Assert.Equal(Errno.None, builder.TryAppendPreloaded(new(new(((next - 1) * 0x10001) + 3), 5), new(uint.MaxValue)));
        RangeList list = builder.Build();
        Assert.Equal((int)next, list.EntryCount);
        Assert.Equal(8UL, list.Seek(list.Length - 8).Range.Length);
    }

    [Fact]
    public void R61b_AnIdentityView_SharesTheEntries()
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        for (ulong i = 0; i < 1_000; i++)
        {
            builder.Append(new PhysicalRange(new(i * 0x2000), 0x1000), new((uint)i));
        }

        RangeList list = builder.Build();

        DmaRangeList dma = DmaRangeList.Identity(list);
        Assert.InRange(AllocationProbe.Least(() => dma = DmaRangeList.Identity(list)), 1, 64);
        Assert.Equal((list.Length, list.EntryCount, list.PackedBytes), (dma.Length, dma.EntryCount, dma.PackedBytes));
        int at = 0;
        foreach (DmaEntry entry in dma)
        {
            Assert.Equal((0x2000UL * (ulong)at++, 0x1000UL, false), (entry.Range.Start.Value, entry.Range.Length, entry.IsBusAddress));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("PHYRLST1")]
    [InlineData("PHYRLST2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("PHYRLST1\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("PHYRLST1\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff")]
    public void R60f_BytesThatNoListWrote_AreRefused(string text) => Assert.False(RangeList.TryRead(System.Text.Encoding.Latin1.GetBytes(text), out _));
}
