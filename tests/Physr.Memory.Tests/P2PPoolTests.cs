// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class P2PPoolTests
{
    private static readonly PhysicalRange Cmb = Range(0x40_0000_0000, 4 * MiB);
    private static readonly PhysicalRange Second = Range(0x41_0000_0000, 2 * MiB);

    private static P2PProviderSet Device(MemoryMap map)
    {
        P2PProviderSet device = new(map, "nvme1");
        Assert.Equal(Errno.None, device.Initialize(
            new BarAperture(0, Second, new(0x1000_0000)), new BarAperture(2, Range(0xe000, 0x100), default, IsMemory: false), new BarAperture(4, Cmb, new(0x8000_0000))));
        return device;
    }

    public static TheoryData<P2PPoolBacking> Backings => [P2PPoolBacking.ProviderOnly, P2PPoolBacking.PageDescriptors];

    [Theory]
    [MemberData(nameof(Backings))]
    public void R46a_ThreeWaysToBeInvalid(P2PPoolBacking backing)
    {
        MemoryMap map = new();
        P2PPool pool = new(Device(map), backing);
        Assert.Equal(Errno.EINVAL, pool.AddResource(2, 0, 0, out string noMemory));
        Assert.Contains("no memory BAR", noMemory, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, pool.AddResource(1));
        Assert.Equal(Errno.EINVAL, pool.AddResource(4, 0, Cmb.Length));
        Assert.Equal(Errno.EINVAL, pool.AddResource(4, 4 * MiB, 2 * MiB));
        Assert.Equal(Errno.EINVAL, pool.AddResource(4, ulong.MaxValue, 2 * MiB));
        Assert.Equal(0UL, pool.SizeBytes);
        AssertNothingLeft(map);
    }

    [Theory]
    [MemberData(nameof(Backings))]
    public void R46b_SizeZeroIsTheRestOfTheBar(P2PPoolBacking backing)
    {
        MemoryMap map = new();
        P2PPool pool = new(Device(map), backing);
        Assert.Equal(Errno.None, pool.AddResource(4, 0, 2 * MiB));
        Assert.Equal([Range(0x40_0020_0000, 2 * MiB)], pool.Resources);
        Assert.Equal(Errno.EINVAL, pool.AddResource(4, 0, 2 * MiB));
        pool.Dispose();
        AssertNothingLeft(map);
    }

    [Theory]
    [MemberData(nameof(Backings))]
    public void R46c_TwoBarsMakeOnePool(P2PPoolBacking backing)
    {
        MemoryMap map = new();
        P2PPool pool = new(Device(map), backing);
        Assert.Equal(Errno.None, pool.AddResource(4));
        Assert.Equal(Errno.None, pool.AddResource(0));
        Assert.Equal(6 * MiB, pool.SizeBytes);
        Assert.True(pool.TryAllocate(4 * MiB, out PhysicalRange first));
        Assert.True(pool.TryAllocate(2 * MiB, out PhysicalRange second));
        Assert.Equal((Cmb, Second), (first, second));
        Assert.False(pool.TryAllocate(1, out _));
        pool.Free(first);
        pool.Free(second);
        pool.Dispose();
        AssertNothingLeft(map);
    }

    [Theory]
    [MemberData(nameof(Backings))]
    public void R47a_MemoryComesInPages(P2PPoolBacking backing)
    {
        MemoryMap map = new();
        using P2PPool pool = new(Device(map), backing);
        pool.AddResource(4);
        Assert.True(pool.TryAllocate(1, out PhysicalRange one));
        Assert.True(pool.TryAllocate(4097, out PhysicalRange two));
        Assert.Equal(Range(0x40_0000_0000, 4096), one);
        Assert.Equal(Range(0x40_0000_1000, 8192), two);
        Assert.False(pool.TryAllocate(0, out _));
        Assert.False(pool.TryAllocate(ulong.MaxValue, out _));
        Assert.False(pool.TryAllocate((4 * MiB) + 1, out _));

        // An unmap gives back page by page.
        pool.Free(Range(0x40_0000_2000, 4096));
        pool.Free(Range(0x40_0000_1000, 4096));
        Assert.Throws<PhysrException>(() => pool.Free(Range(0x40_0000_1000, 4096)));
        Assert.Throws<PhysrException>(() => pool.Free(Range(0x40_0000_0000, 8192)));
        Assert.Throws<PhysrException>(() => pool.Free(Range(0x40_0000_0000, 100)));
        Assert.Throws<PhysrException>(() => pool.Free(Range(0, 4096)));
        Assert.Throws<PhysrException>(() => pool.Free(default));
        Assert.Throws<PhysrException>(pool.Dispose);
        pool.Free(one);
    }

    [Theory]
    [MemberData(nameof(Backings))]
    public void R47b_AvailableIsSizeMinusUsed_AgainstAPageArray(P2PPoolBacking backing)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            MemoryMap map = new();
            P2PPool pool = new(Device(map), backing);
            pool.AddResource(4, 2 * MiB, 0);
            bool[] busy = new bool[512];
            List<PhysicalRange> held = [];
            for (int step = 0; step < 200; step++)
            {
                if (held.Count != 0 && random.Next(5) < 2)
                {
                    int at = random.Next(held.Count);
                    pool.Free(held[at]);
                    Mark(busy, held[at], false);
                    held.RemoveAt(at);
                }
                else
                {
                    int pages = random.Next(1, random.Next(4) == 0 ? 200 : 20);
                    int expected = LowestRun(busy, pages);
                    bool got = pool.TryAllocate((ulong)pages * 4096, out PhysicalRange range);
                    Assert.True(got == expected >= 0, $"seed {seed} step {step}: {pages} pages");
                    if (got)
                    {
                        Assert.True(range == Range(Cmb.Start.Value + ((ulong)expected * 4096), (ulong)pages * 4096), $"seed {seed} step {step}: {range}");
                        Mark(busy, range, true);
                        held.Add(range);
                    }
                }

                ulong used = (ulong)busy.Count(taken => taken) * 4096;
                Assert.True((pool.UsedBytes, pool.AvailableBytes) == (used, (2 * MiB) - used), $"seed {seed} step {step}: {pool.UsedBytes}");
                Assert.Equal((long)(used / 4096), map.ActiveProviderUses);
            }

            Assert.Equal(held.Count != 0 ? Errno.EBUSY : Errno.None, pool.TryRelease());
            held.ForEach(pool.Free);
            Assert.Equal(Errno.None, pool.TryRelease());
            AssertNothingLeft(map);
        }
    }

    [Theory]
    [MemberData(nameof(Backings))]
    public void R47c_TheBusAddressIsExact(P2PPoolBacking backing)
    {
        MemoryMap map = new();
        using P2PPool pool = new(Device(map), backing);
        pool.AddResource(4, 0, 2 * MiB);
        pool.AddResource(0);
        Assert.True(pool.TryGetBusAddress(new(0x40_0020_0004), out DmaAddress bus));
        Assert.Equal(new DmaAddress(0x8020_0004), bus);
        Assert.True(pool.TryGetBusAddress(new(0x41_001f_ffff), out bus));
        Assert.Equal(new DmaAddress(0x101f_ffff), bus);
        Assert.False(pool.TryGetBusAddress(new(0x40_0000_0000), out _));
    }

    [Theory]
    [MemberData(nameof(Backings))]
    public void R47d_AfterReleaseThereIsNothing(P2PPoolBacking backing)
    {
        MemoryMap map = new();
        P2PPool pool = new(Device(map), backing);
        pool.AddResource(4);
        pool.IsPublished = true;
        pool.Dispose();
        pool.Dispose();
        Assert.False(pool.TryAllocate(4096, out _));
        Assert.Equal(Errno.ENODEV, pool.AddResource(4));
        Assert.Equal((0UL, 0UL), (pool.SizeBytes, pool.AvailableBytes));
        Assert.False(pool.TryGetBusAddress(Cmb.Start, out _));
        pool.IsPublished = true;
        Assert.False(pool.IsPublished);
        AssertNothingLeft(map);
    }

    [Fact]
    public void R47d_ADeviceThatGoesGivesNothingMore()
    {
        MemoryMap map = new();
        P2PProviderSet device = Device(map);
        using P2PPool pool = new(device, P2PPoolBacking.ProviderOnly);
        pool.AddResource(4);
        Assert.True(pool.TryAllocate(4096, out PhysicalRange range));
        Assert.Equal(Errno.EBUSY, device.TryRemove());
        pool.Free(range);
        Assert.Equal(Errno.None, device.TryRemove());
        Assert.False(pool.TryAllocate(4096, out _));
        Assert.Equal(4 * MiB, pool.AvailableBytes);
    }

    [Fact]
    public void R48a_APoolIsVisibleOnlyWhilePublished()
    {
        MemoryMap map = new();
        using P2PPool pool = new(Device(map), P2PPoolBacking.ProviderOnly);
        Assert.False(pool.IsPublished);
        pool.IsPublished = true;
        Assert.True(pool.IsPublished);
        pool.IsPublished = false;
        Assert.False(pool.IsPublished);
    }

    [Fact]
    public void PagesAreMadeOnlyWhereAskedFor()
    {
        MemoryMap map = new();
        P2PProviderSet device = Device(map);
        using P2PPool pageless = new(device, P2PPoolBacking.ProviderOnly);
        pageless.AddResource(4);
        Assert.True(pageless.TryAllocate(MiB, out PhysicalRange range));
        Assert.Equal(0, map.DescriptorCount);
        pageless.Free(range);

        using P2PPool paged = new(device, P2PPoolBacking.PageDescriptors);
        Assert.Equal(Errno.None, paged.AddResource(0));
        Assert.Equal(512, map.DescriptorCount);
        Assert.Equal(32 * 1024, map.DescriptorBytes);
        Assert.Equal(Errno.EINVAL, paged.AddResource(4, 64 * KiB, 0, out string reason));
        Assert.Contains("2 MiB", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void R11_APageSomebodyElseHoldsComesBackWithItsLastReference()
    {
        MemoryMap map = new();
        P2PPool pool = new(Device(map), P2PPoolBacking.PageDescriptors);
        pool.AddResource(0);
        Assert.True(pool.TryAllocate(8192, out PhysicalRange range));
        Assert.True(map.TryGetPagemap(range.Start.Frame, out PagemapReference reference));
        Assert.True(reference.Pagemap.TryGetPage(range.Start.Frame, out DevicePage page));
        reference.Dispose();
        Assert.True(page.TryGet());
        pool.Free(range);
        Assert.Equal(4096UL, pool.UsedBytes);
        Assert.Throws<PhysrException>(() => pool.Free(Range(range.Start.Value, 4096)));
        Assert.Equal(Errno.EBUSY, pool.TryRelease());
        Assert.True(page.Put());
        Assert.Equal(0UL, pool.UsedBytes);
        Assert.False(page.TryGet());
        Assert.Equal(Errno.None, pool.TryRelease());
        AssertNothingLeft(map);
    }

    private static void Mark(bool[] busy, PhysicalRange range, bool value) =>
        Array.Fill(busy, value, (int)((range.Start.Value - Cmb.Start.Value) / 4096), (int)(range.Length / 4096));

    private static int LowestRun(bool[] busy, int pages)
    {
        for (int first = 0; first + pages <= busy.Length; first++)
        {
            if (!busy.AsSpan(first, pages).Contains(true))
            {
                return first;
            }
        }

        return -1;
    }
}
