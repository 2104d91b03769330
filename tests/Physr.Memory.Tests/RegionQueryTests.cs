// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class RegionQueryTests
{
    private const ulong Page = PageSize.Size4K;
    private const ulong Base = 0x1_0000_0000;

    // RAM 0 [0,1M), hole [1M,2M), CXL window 0 [2M,3M), RAM 1 [3M,4M), CXL window 1 [4M,7M) with RAM 2 [4M,5M) (with code in it) and RAM 3 [5M,6M).
    [Theory]
    [InlineData(0, Page, RegionIntersection.Intersects)]
    [InlineData(MiB - Page, 2 * Page, RegionIntersection.Intersects)]
    [InlineData(MiB, Page, RegionIntersection.Disjoint)]
    [InlineData((2 * MiB) - Page, 2 * Page, RegionIntersection.Disjoint)]
    [InlineData((3 * MiB) - Page, 2 * Page, RegionIntersection.Mixed)]
    [InlineData((4 * MiB) - Page, 2 * Page, RegionIntersection.Intersects)]
    [InlineData((5 * MiB) - Page, 2 * Page, RegionIntersection.Intersects)]
    [InlineData((4 * MiB) + (128 * KiB), Page, RegionIntersection.Intersects)]
    [InlineData(4 * MiB, MiB + Page, RegionIntersection.Intersects)]
    [InlineData(5 * MiB, MiB + Page, RegionIntersection.Mixed)]
    public void R18a_TheTenProbesOverRamNestedInCxlWindows(ulong offset, ulong length, RegionIntersection expected)
    {
        const ResourceFlags ram = ResourceFlags.SystemRam | ResourceFlags.Busy;
        ResourceTree tree = new();
        Request(tree, 0, MiB, ram);
        tree.Inserted("CXL Window 0", Range(Base + (2 * MiB), MiB));
        Request(tree, 3 * MiB, MiB, ram);
        tree.Inserted("CXL Window 1", Range(Base + (4 * MiB), 3 * MiB));
        Request(tree, 4 * MiB, MiB, ram);
        tree.Inserted("Code", Range(Base + (4 * MiB) + (128 * KiB), 128 * KiB), ram);
        Request(tree, 5 * MiB, MiB, ram);

        Assert.Equal(expected, tree.RegionIntersects(Range(Base + offset, length), ResourceFlags.SystemRam, ResourceDescriptor.None));
    }

    [Fact]
    public void R18_NestedRamWithAGapDoesNotCoverItsWindow()
    {
        ResourceTree tree = new();
        tree.Inserted("window", Range(0, 4 * MiB));
        Assert.Equal(Errno.None, tree.RequestRegion("System RAM", Range(MiB, MiB), ResourceFlags.SystemRam, ResourceDescriptor.None, out _, out _));

        Assert.Equal(RegionIntersection.Mixed, tree.RegionIntersects(Range(MiB - Page, 2 * Page), ResourceFlags.SystemRam, ResourceDescriptor.None));
        Assert.Equal(RegionIntersection.Intersects, tree.RegionIntersects(Range(MiB, MiB), ResourceFlags.SystemRam, ResourceDescriptor.None));
        Assert.Equal(RegionIntersection.Disjoint, tree.RegionIntersects(Range(0, MiB), ResourceFlags.SystemRam, ResourceDescriptor.None));
    }

    [Fact]
    public void R18_ADescriptorNarrowsTheKind()
    {
        ResourceTree tree = new();
        tree.Request("pmem", Range(0, MiB), ResourceFlags.Memory, ResourceDescriptor.PersistentMemory, out _, out _);
        Assert.Equal(RegionIntersection.Intersects, tree.RegionIntersects(Range(0, Page), ResourceFlags.None, ResourceDescriptor.None));
        Assert.Equal(RegionIntersection.Intersects, tree.RegionIntersects(Range(0, Page), ResourceFlags.Memory, ResourceDescriptor.PersistentMemory));
        Assert.Equal(RegionIntersection.Disjoint, tree.RegionIntersects(Range(0, Page), ResourceFlags.Memory, ResourceDescriptor.Cxl));
    }

    // r0 0-ffff, r1 1234-2345, r2 4567-5678, r3 6789-789a, r4 2000-7000, ends inclusive.
    [Theory]
    [InlineData(0x0, 0xffff, 0x1234, 0x2345, true, 0x0, 0xffff, 0x1234, 0x2345)]
    [InlineData(0x0, 0xffff, 0x2000, 0x7000, true, 0x0, 0xffff, 0x2000, 0x7000)]
    [InlineData(0x1234, 0x2345, 0x4567, 0x5678, false, 0, 0, 0, 0)]
    [InlineData(0x1234, 0x2345, 0x2000, 0x7000, true, 0x1234, 0x7000, 0x2000, 0x2345)]
    [InlineData(0x4567, 0x5678, 0x2000, 0x7000, true, 0x2000, 0x7000, 0x4567, 0x5678)]
    [InlineData(0x6789, 0x789a, 0x2000, 0x7000, true, 0x2000, 0x789a, 0x6789, 0x7000)]
    public void R18_UnionAndIntersectionExistWhereRangesShareAByte(
        ulong start1, ulong last1, ulong start2, ulong last2, bool overlap, ulong unionStart, ulong unionLast, ulong commonStart, ulong commonLast)
    {
        PhysicalRange first = Range(start1, last1 - start1 + 1);
        PhysicalRange second = Range(start2, last2 - start2 + 1);
        foreach ((PhysicalRange a, PhysicalRange b) in new[] { (first, second), (second, first) })
        {
            Assert.Equal(overlap, ResourceTree.TryUnion(a, b, out PhysicalRange union));
            Assert.Equal(overlap, ResourceTree.TryIntersection(a, b, out PhysicalRange common));
            if (overlap)
            {
                Assert.Equal(Range(unionStart, unionLast - unionStart + 1), union);
                Assert.Equal(Range(commonStart, commonLast - commonStart + 1), common);
            }
        }
    }

    private static void Request(ResourceTree tree, ulong offset, ulong length, ResourceFlags flags) =>
        Assert.Equal(Errno.None, tree.RequestRegion("Test System RAM", Range(Base + offset, length), flags, ResourceDescriptor.None, out _, out _));
}
