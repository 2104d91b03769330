// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>The interval tree against a list, as the kernel's own interval-tree test does it.</summary>
public sealed class IntervalTreeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void R71_TheFirstOverlapIsTheListsFirst(int seed)
    {
        Random random = new(seed);
        IntervalTree<int> tree = new();
        List<IntervalNode<int>> list = [];
        for (int step = 0; step < 4000; step++)
        {
            ulong first = seed == 3 ? ulong.MaxValue - (ulong)random.Next(300) : (ulong)random.Next(300);
            ulong last = Math.Max(first, unchecked(first + (ulong)random.Next(seed == 1 ? 200 : 3)));
            if (random.Next(5) < 3 && list.Count < 100)
            {
                list.Add(tree.Insert(first, last, step));
            }
            else if (list.Count != 0)
            {
                int which = random.Next(list.Count);
                tree.Remove(list[which]);
                list.RemoveAt(which);
            }

            IntervalNode<int>[] overlaps = [.. list.Where(node => node.First <= last && node.Last >= first)];
            Assert.Equal(overlaps.Length != 0, tree.TryFirst(first, last, out IntervalNode<int>? found));
            if (found is not null)
            {
                Assert.Contains(found, overlaps);
                Assert.Equal(overlaps.Min(static node => node.First), found.First);
            }

            Assert.Equal(list.Count, tree.Count);
        }

        Assert.Equal(list.Select(static node => node.Value).Order(), tree.ToList().Order());
        PhysrException failure = Assert.Throws<PhysrException>(() => tree.Remove(new(1, 2, 3, 4)));
        Assert.Equal(Errno.ENOENT, failure.Errno);
    }

    [Fact]
    public void R71_LookingUpAllocatesNothing_AndOrderedInsertsStayBalanced()
    {
        IntervalTree<int> tree = new();
        for (ulong i = 0; i < 100_000; i++)
        {
            tree.Insert(i * 4, (i * 4) + 2, 0);
        }

        int found = 0;
        Assert.Equal(0, Physr.Testing.AllocationProbe.Least(() =>
        {
            for (ulong i = 0; i < 10_000; i++)
            {
                found += tree.Overlaps(i * 40, (i * 40) + 1) ? 1 : 0;
            }
        }));
        Assert.Equal(0, found % 10_000);
    }
}
