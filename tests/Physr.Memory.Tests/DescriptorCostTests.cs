// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class DescriptorCostTests
{
    [Fact]
    public void S3_1_ADescriptorIs64Bytes_16GiBPerTiB()
    {
        Assert.Equal(64, Unsafe.SizeOf<PageDescriptor>());
        PagemapCost cost = PagemapCost.Of(MemoryType.FsDax, TiB);
        Assert.Equal(16 * GiB, cost.RamBytes);
        Assert.Equal(TiB / 4096, cost.DescriptorCount);
        Assert.Equal(1.5625, 100.0 * cost.RamBytes / cost.MappedBytes);
        Assert.Equal(0UL, cost.DeviceBytes);
    }

    [Fact]
    public void S3_2_DeduplicatedAt2MiB_4GiBPerTiB()
    {
        Assert.Equal(2 * 4096UL, new DescriptorLayout(9, hasAltmap: false).BytesFor(2 * MiB));
        Assert.Equal(8 * 4096UL, new DescriptorLayout(0, hasAltmap: false).BytesFor(2 * MiB));
        Assert.Equal(4 * GiB, PagemapCost.Of(MemoryType.Generic, TiB, metadataOrder: 9).RamBytes);
    }

    [Fact]
    public void S3_3_DeduplicatedAt1GiB_8MiBPerTiB()
    {
        Assert.Equal(2 * 4096UL, new DescriptorLayout(18, hasAltmap: false).BytesFor(GiB));
        Assert.Equal(4096 * 4096UL, new DescriptorLayout(0, hasAltmap: false).BytesFor(GiB));
        Assert.Equal(8 * MiB, PagemapCost.Of(MemoryType.Generic, TiB, metadataOrder: 18).RamBytes);
    }

    [Fact]
    public void S3_4_HugeTlbKeepsOnePageOfDescriptors()
    {
        Assert.Equal(2 * GiB, PagemapCost.HugeTlbBytes(TiB, PageSize.Size2M));
        Assert.Equal(4 * MiB, PagemapCost.HugeTlbBytes(TiB, PageSize.Size1G));
        Assert.Throws<ArgumentException>(() => PagemapCost.HugeTlbBytes(TiB, PageSize.Size4K));
        Assert.Throws<ArgumentException>(() => PagemapCost.HugeTlbBytes(MiB, PageSize.Size2M));
    }

    [Fact]
    public void S3_5_AnAltmapOf1500GiBLeaves1476_5625GiB()
    {
        PagemapCost cost = PagemapCost.Of(MemoryType.FsDax, 1500 * GiB, hasAltmap: true);
        Assert.Equal(0UL, cost.RamBytes);
        Assert.Equal(1476.5625, (double)cost.DataBytes / GiB);
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(8, true)]
    [InlineData(9, true)]
    [InlineData(18, true)]
    public void R9a_UnitsOfMoreThanTwoMetadataPagesAreDeduplicated(int order, bool expected)
    {
        DescriptorLayout layout = new(order, hasAltmap: false);
        Assert.Equal(expected, layout.IsDeduplicated);
        Assert.Equal(expected ? GiB / (4096UL << order) * 8192 : 16 * MiB, layout.BytesFor(GiB));
    }

    [Fact]
    public void R9b_NotWithAnAltmap_NotForASizeThatIsNoPowerOfTwo()
    {
        Assert.False(new DescriptorLayout(9, hasAltmap: true).IsDeduplicated);
        DescriptorLayout odd = new(9, hasAltmap: false, descriptorBytes: 56);
        Assert.False(odd.IsDeduplicated);
        Assert.Equal(512UL * 56, odd.BytesFor(2 * MiB));
        Assert.Equal(16 * GiB, PagemapCost.Of(MemoryType.Generic, TiB, metadataOrder: 9, hasAltmap: true).DeviceBytes);
    }

    [Theory]
    [InlineData(0, 32)]
    [InlineData(8, 32)]
    [InlineData(9, 32)]
    [InlineData(18, 2048)]
    public void R9a_RegistrationCostsWhatThePlannerSays(int order, ulong sizeMiB)
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.Generic, Range(4 * GiB, sizeMiB * MiB));
        pagemap.MetadataOrder = order;
        Assert.Equal(Errno.None, map.Register(pagemap));
        PagemapCost cost = PagemapCost.Of(MemoryType.Generic, sizeMiB * MiB, order);
        Assert.Equal((long)cost.RamBytes, map.DescriptorBytes);
        Assert.Equal((long)cost.DescriptorCount, map.DescriptorCount);
        Assert.Equal((long)cost.RamBytes, pagemap.DescriptorBytes);
        map.Unregister(pagemap);
        AssertNothingLeft(map);
    }

    [Fact]
    public void R9a_DeduplicatedTailsShareTheirDescriptor_AndKnowTheirHead()
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.Generic, Range(4 * GiB, 4 * MiB));
        pagemap.MetadataOrder = 9;
        Assert.Equal(Errno.None, map.Register(pagemap));
        PageFrameNumber start = new PhysicalAddress(4 * GiB).Frame;
        for (ulong i = 0; i < 1024; i++)
        {
            Assert.True(pagemap.TryGetPage(start.Add(i), out DevicePage page));
            Assert.Equal(start.Add(i - (i % 512)), page.Head.Frame);
            Assert.Equal(i % 512 == 0 ? PageFlags.Head : PageFlags.Tail, page.Flags);
            Assert.Equal(i % 512 == 0 ? 9 : 0, page.Order);
        }

        pagemap.TryGetPage(start.Add(64 + 5), out DevicePage kept);
        pagemap.TryGetPage(start.Add(448 + 5), out DevicePage alias);
        Assert.True(Unsafe.AreSame(ref kept.Descriptor, ref alias.Descriptor));
        Assert.NotEqual(kept, alias);
        map.Unregister(pagemap);
    }

    [Fact]
    public void R44b_AProviderCostsNothing() => Assert.Equal(new PagemapCost(TiB, 0, 0, 0), PagemapCost.OfProvider(TiB));

    [Fact]
    public void WhatCannotBeRegisteredCannotBePlanned()
    {
        Assert.Throws<ArgumentException>(() => PagemapCost.Of(MemoryType.Unset, GiB));
        Assert.Throws<ArgumentException>(() => PagemapCost.Of(MemoryType.Generic, MiB));
        Assert.Throws<ArgumentException>(() => PagemapCost.Of(MemoryType.Generic, 2 * MiB, metadataOrder: 18));
        Assert.Throws<ArgumentOutOfRangeException>(() => PagemapCost.Of(MemoryType.Generic, GiB, metadataOrder: 19));
    }
}
