// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

/// <summary>A registration counts all of its descriptors and touches none: their bytes come with the first look at a page.</summary>
public sealed class LazyDescriptorTests
{
    [Theory]
    [InlineData(0, 16 * GiB)]
    [InlineData(9, 4 * GiB)]
    [InlineData(18, 8 * MiB)]
    public void R9a_ATebibyteIsRegisteredWithoutTouchingItsDescriptors(int order, ulong expectedBytes)
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.Generic, Range(4 * TiB, TiB));
        pagemap.MetadataOrder = order;
        long before = Environment.WorkingSet;
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal((long)expectedBytes, map.DescriptorBytes);
        Assert.True(Environment.WorkingSet - before < (long)(512 * MiB), "the descriptors were touched");
        PageFrameNumber last = new PhysicalAddress((5 * TiB) - 4096).Frame;
        Assert.True(pagemap.TryGetPage(last, out DevicePage page));
        Assert.Equal(1, page.Head.ReferenceCount);
        Assert.Equal(order, page.Head.Order);
        map.Unregister(pagemap);
        AssertNothingLeft(map);
    }

    [Fact]
    public void ThreadsThatLookAtOnceSeeOneDescriptor()
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.FsDax, Range(4 * GiB, 64 * MiB));
        Assert.Equal(Errno.None, map.Register(pagemap));
        PageFrameNumber start = new PhysicalAddress(4 * GiB).Frame;
        Parallel.For(0, 8, _ =>
        {
            for (ulong i = 0; i < 16384; i++)
            {
                Assert.True(pagemap.TryGetPage(start.Add(i), out DevicePage page));
                Interlocked.Increment(ref page.Descriptor.MapCount);
            }
        });
        for (ulong i = 0; i < 16384; i++)
        {
            Assert.True(pagemap.TryGetPage(start.Add(i), out DevicePage page));
            Assert.Equal(8, page.Descriptor.MapCount);
        }

        map.Unregister(pagemap);
        AssertNothingLeft(map);
    }
}
