// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class ResourceTreeTests
{
    [Fact]
    public void Request_NamesTheChildInTheWay_OrTheParentThatIsLeft()
    {
        ResourceTree tree = new(46);
        tree.Request("a", Range(0x1000, 0x1000), ResourceFlags.Memory, ResourceDescriptor.None, out Resource? a, out _);
        Assert.Equal(Errno.EBUSY, tree.Request("b", Range(0x1fff, 1), ResourceFlags.Memory, ResourceDescriptor.None, out Resource? none, out Resource? conflict));
        Assert.Null(none);
        Assert.Same(a, conflict);
        Assert.Equal(Errno.EBUSY, tree.Request("c", Range((1UL << 46) - 1, 2), ResourceFlags.Memory, ResourceDescriptor.None, out _, out conflict));
        Assert.Same(tree.Root, conflict);
        Assert.Equal(Errno.EINVAL, tree.Request("d", Range(0, 0), ResourceFlags.Memory, ResourceDescriptor.None, out _, out _));
    }

    [Fact]
    public void RequestRegion_DescendsIntoWhatIsNotBusy()
    {
        ResourceTree tree = new();
        Resource bar = tree.Inserted("0000:03:00.0", Range(0x1000, 0x4000));
        Assert.Equal(Errno.None, tree.RequestRegion("nvme", Range(0x1000, 0x2000), ResourceFlags.Memory | ResourceFlags.Busy, ResourceDescriptor.None, out Resource? nvme, out _));
        Assert.Same(bar, nvme!.Parent);
        Assert.Equal(Errno.EBUSY, tree.RequestRegion("other", Range(0x2000, 0x1000), ResourceFlags.Memory, ResourceDescriptor.None, out _, out Resource? conflict));
        Assert.Same(nvme, conflict);
    }

    [Fact]
    public void Insert_AdoptsWhatItContains_AndRemoveGivesItBack()
    {
        ResourceTree tree = new();
        Resource a = tree.Inserted("a", Range(0x1000, 0x1000));
        Resource b = tree.Inserted("b", Range(0x3000, 0x1000));
        Resource window = tree.Inserted("window", Range(0x1000, 0x4000));
        Assert.Equal([a, b], window.Children);
        Assert.Equal([window], tree.Root.Children);

        Resource same = tree.Inserted("same", Range(0x1000, 0x1000));
        Assert.Same(same, a.Parent);
        Assert.Equal(Errno.EBUSY, tree.Insert("partial", Range(0x1800, 0x1000), ResourceFlags.Memory, ResourceDescriptor.None, out _, out Resource? conflict));
        Assert.Same(same, conflict);

        Assert.Equal(Errno.None, tree.Remove(window));
        Assert.Equal([same, b], tree.Root.Children);
        Assert.Equal(Errno.ENOENT, tree.Remove(window));
        Assert.Equal(Errno.ENOENT, tree.Remove(tree.Root));
    }

    [Fact]
    public void Find_GivesTheInnermost()
    {
        ResourceTree tree = new();
        Resource outer = tree.Inserted("outer", Range(0x1000, 0x4000));
        Resource inner = tree.Inserted("inner", Range(0x2000, 0x1000));
        Assert.Null(tree.Find(new(0xfff)));
        Assert.Same(outer, tree.Find(new(0x1fff)));
        Assert.Same(inner, tree.Find(new(0x2000)));
        Assert.Same(outer, tree.Find(new(0x3000)));
        Assert.Null(tree.Find(new(0x5000)));
    }

    [Fact]
    public void RandomInsertsAndRemoves_AgreeWithAListOfRanges()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            Random random = new(seed);
            ResourceTree tree = new();
            List<Resource> oracle = [];
            for (int step = 0; step < 80; step++)
            {
                if (oracle.Count != 0 && random.Next(4) == 0)
                {
                    Resource victim = oracle[random.Next(oracle.Count)];
                    Assert.Equal(Errno.None, tree.Remove(victim));
                    oracle.Remove(victim);
                }
                else
                {
                    ulong start = (ulong)random.Next(64);
                    PhysicalRange range = Range(start, (ulong)random.Next(1, 65 - (int)start));
                    bool partial = oracle.Exists(other => other.Range.Overlaps(range) && !other.Range.Contains(range) && !range.Contains(other.Range));
                    Errno errno = tree.Insert($"r{step}", range, ResourceFlags.Memory, ResourceDescriptor.None, out Resource? made, out Resource? conflict);
                    Assert.True(errno == (partial ? Errno.EBUSY : Errno.None), $"seed {seed} step {step}: {errno} for {range}");
                    Assert.True(!partial || (conflict!.Range.Overlaps(range) && !conflict.Range.Contains(range)), $"seed {seed} step {step}: conflict {conflict}");
                    if (made is not null)
                    {
                        oracle.Add(made);
                    }
                }

                Assert.True(tree.Walk().Select(entry => entry.Resource).ToHashSet().SetEquals(oracle), $"seed {seed} step {step}: wrong set");
                for (ulong address = 0; address < 64; address++)
                {
                    ulong? length = oracle.Where(resource => resource.Range.Contains(new PhysicalAddress(address))).Min(resource => (ulong?)resource.Range.Length);
                    Assert.True(tree.Find(new(address))?.Range.Length == length, $"seed {seed} step {step} address {address}");
                }
            }
        }
    }
}
