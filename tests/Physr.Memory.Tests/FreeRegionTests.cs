// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class FreeRegionTests
{
    private const ulong Section = PageSize.Section;

    [Fact]
    public void R14a_TheHighestSlotOfWholeSectionsIsTaken()
    {
        ResourceTree tree = new(46);
        Assert.Equal(Errno.None, tree.RequestFreeRegion(tree.Root.Range, 1, "gpu0", out Resource? first));
        Assert.Equal(Range((1UL << 46) - Section, Section), first!.Range);
        Assert.Equal(Errno.None, tree.RequestFreeRegion(tree.Root.Range, Section + 1, "gpu1", out Resource? second));

        // The search steps by the size asked for, as the kernel's does, and so leaves the section below the first one free.
        Assert.Equal(Range((1UL << 46) - (4 * Section), 2 * Section), second!.Range);
    }

    [Fact]
    public void R14b_BusySlotsAreSkipped()
    {
        ResourceTree tree = new(32);
        tree.Inserted("busy", Range((1UL << 32) - Section - 1, 1));
        Assert.Equal(Errno.None, tree.RequestFreeRegion(Range(0, (1UL << 32) - Section), Section, "gpu", out Resource? found));
        Assert.Equal((1UL << 32) - (3 * Section), found!.Range.Start.Value);
    }

    [Fact]
    public void R14c_NoSlotIsERange()
    {
        ResourceTree tree = new(32);
        tree.Inserted("low", Range(0, 1UL << 31));
        Assert.Equal(Errno.ERANGE, tree.RequestFreeRegion(tree.Root.Range, (1UL << 31) + 1, "gpu", out Resource? none));
        Assert.Null(none);
        Assert.Equal(Errno.ERANGE, tree.RequestFreeRegion(tree.Root.Range, ulong.MaxValue, "gpu", out _));
        Assert.Equal(Errno.None, tree.RequestFreeRegion(tree.Root.Range, 1UL << 31, "gpu", out _));
        Assert.Equal(Errno.ERANGE, tree.RequestFreeRegion(tree.Root.Range, 1, "gpu", out _));
        Assert.Equal(Errno.EINVAL, tree.RequestFreeRegion(tree.Root.Range, 0, "gpu", out _));
    }

    [Fact]
    public void R14d_TheRangeIsTaggedDevicePrivateAndBusy()
    {
        ResourceTree tree = new(46);
        tree.RequestFreeRegion(tree.Root.Range, Section, "gpu", out Resource? found);
        Assert.Equal(ResourceDescriptor.DevicePrivateMemory, found!.Descriptor);
        Assert.Equal(6, (int)found.Descriptor);
        Assert.True(found.Flags.HasFlag(ResourceFlags.Busy));
    }

    [Fact]
    public void R15a_TheLowestSlotAtTheCallersAlignmentIsTaken_NeverAddressZero()
    {
        ResourceTree tree = new(46);
        Assert.Equal(Errno.None, tree.AllocateFreeRegion(tree.Root, MiB, MiB, "first", out Resource? first));
        Assert.Equal(Range(MiB, MiB), first!.Range);

        Resource window = tree.Inserted("CXL Window 0", Range((4 * GiB) + 1, GiB));
        Assert.Equal(Errno.None, tree.AllocateFreeRegion(window, (2 * MiB) - 5, 2 * MiB, "region0", out Resource? region));
        Assert.Equal(Range((4 * GiB) + (2 * MiB), 2 * MiB), region!.Range);
        Assert.Same(window, region.Parent);
        Assert.Empty(region.Children);
        Assert.Equal(Errno.None, tree.AllocateFreeRegion(window, 2 * MiB, 2 * MiB, "region1", out region));
        Assert.Equal((4 * GiB) + (4 * MiB), region!.Range.Start.Value);
    }

    [Fact]
    public void R15b_NothingWrapsAtTheTop()
    {
        ResourceTree tree = new(64);
        Resource top = tree.Inserted("top", Range(ulong.MaxValue - (3 * MiB), 3 * MiB));
        Assert.Equal(Errno.None, tree.AllocateFreeRegion(top, MiB, MiB, "a", out Resource? a));
        Assert.True(a!.Range.End.Value <= top.Range.End.Value);
        Assert.Equal(Errno.None, tree.AllocateFreeRegion(top, MiB, MiB, "b", out _));
        Assert.Equal(Errno.ERANGE, tree.AllocateFreeRegion(top, MiB, MiB, "c", out _));
        Assert.Equal(Errno.ERANGE, tree.AllocateFreeRegion(top, ulong.MaxValue, MiB, "d", out _));
        Assert.Equal(Errno.EINVAL, tree.AllocateFreeRegion(top, 0, MiB, "e", out _));
    }
}
