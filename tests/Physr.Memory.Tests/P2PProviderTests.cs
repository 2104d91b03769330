// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class P2PProviderTests
{
    private static readonly BarAperture Bar0 = new(0, Range(0xfe40_0000, 0x4000), new(0x1_fe40_0000));
    private static readonly BarAperture Ports = new(2, Range(0xe000, 0x100), new(0xe000), IsMemory: false);
    private static readonly BarAperture Bar4 = new(4, Range(0x40_0000_0000, 64 * MiB), new(0x8000_0000));

    [Fact]
    public void R43a_OneProviderPerMemoryBar()
    {
        MemoryMap map = new();
        P2PProviderSet set = new(map, "0000:03:00.0");
        Assert.Null(set.Provider(0));
        Assert.Equal(Errno.None, set.Initialize(Bar0, Ports, Bar4, new BarAperture(5, default, default)));
        Assert.Equal([0, 4], map.Providers.Select(provider => provider.Bar));
        Assert.Equal([1U, 2U], map.Providers.Select(provider => provider.Index.Value));
        Assert.Same(set.Provider(4), map.Provider(new(2)));
        Assert.Null(map.Provider(ProviderIndex.Ram));
        Assert.Null(map.Provider(new(77)));
        Assert.Null(set.Provider(5));
        Assert.Null(set.Provider(-1));
        Assert.Null(set.Provider(6));
    }

    [Fact]
    public void R43b_TheBusOffsetIsExact_InBothDirections()
    {
        MemoryMap map = new();
        P2PProviderSet set = new(map, "nvme1");
        set.Initialize(Bar0, Bar4);
        Assert.Equal(0x1_0000_0000UL, set.Provider(0)!.BusOffset);
        Assert.Equal(new DmaAddress(0x1_fe40_0123), set.Provider(0)!.BusAddress(new(0xfe40_0123)));

        // A bus address below the physical one: the offset wraps, the sum is right.
        Assert.Equal(unchecked(0x8000_0000UL - 0x40_0000_0000UL), set.Provider(4)!.BusOffset);
        Assert.Equal(new DmaAddress(0x8000_0fff), set.Provider(4)!.BusAddress(new(0x40_0000_0fff)));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Provider(0)!.BusAddress(new(0xfe40_4000)));
    }

    [Fact]
    public void R43c_AnIoBarHasNoProvider_NonMappableBarsNone()
    {
        MemoryMap map = new();
        P2PProviderSet set = new(map, "nvme1");
        Assert.Equal(Errno.None, set.Initialize(Bar0, Ports));
        Assert.Null(set.Provider(2));
        P2PProviderSet locked = new(map, "s390", hasNonMappableBars: true);
        Assert.Equal(Errno.EOPNOTSUPP, locked.Initialize(Bar4));
        Assert.Null(locked.Provider(4));
    }

    [Fact]
    public void R43d_InitialisationIsIdempotent()
    {
        MemoryMap map = new();
        P2PProviderSet set = new(map, "nvme1");
        Assert.Equal(Errno.None, set.Initialize(Bar0));
        P2PProvider first = set.Provider(0)!;
        Assert.Equal(Errno.None, set.Initialize(Bar0, Bar4));
        Assert.Same(first, set.Provider(0));
        Assert.Single(map.Providers);
    }

    [Fact]
    public async Task R43e_TheProviderDiesWithItsDriver_AfterTheLastUse()
    {
        MemoryMap map = new();
        P2PProviderSet set = new(map, "nvme1");
        set.Initialize(Bar0, Bar4);
        P2PProvider provider = set.Provider(4)!;
        Assert.True(provider.TryAcquire());
        Assert.Equal(1, map.ActiveProviderUses);
        Assert.Equal(Errno.EBUSY, set.TryRemove());
        Assert.Equal(Errno.EBUSY, map.TryUnregisterProvider(provider));
        Assert.True(provider.TryAcquire());
        provider.Release();

        Task removal = Task.Run(() => set.Remove());
        SpinWait.SpinUntil(() => !provider.IsLive);
        Assert.False(provider.TryAcquire());
        Assert.False(removal.IsCompleted);
        provider.Release();
        await removal;
        Assert.Null(set.Provider(4));
        Assert.Null(map.Provider(provider.Index));
        Assert.Empty(map.Providers);
        Assert.False(map.TryFindOwner(Bar4.Range.Start, out _));
        Assert.Equal(Errno.ENODEV, set.Initialize(Bar0));
        Assert.Equal(Errno.None, set.TryRemove());
        Assert.Throws<PhysrException>(provider.Release);
    }

    [Fact]
    public void R43e_AnIndexIsNeverReused()
    {
        MemoryMap map = new();
        Assert.Equal(Errno.None, map.RegisterProvider("a", null, 0, Bar0.Range, Bar0.BusStart, out P2PProvider? first));
        map.UnregisterProvider(first!);
        map.UnregisterProvider(first!);
        Assert.Equal(Errno.None, map.RegisterProvider("b", null, 0, Bar0.Range, Bar0.BusStart, out P2PProvider? second));
        Assert.Equal(new ProviderIndex(2), second!.Index);
        Assert.Null(map.Provider(first!.Index));
        Assert.Equal(Errno.None, map.TryUnregisterProvider(second));
    }

    [Fact]
    public void R44a_TwoSmallBarsInOneSubsectionAreBothProviders()
    {
        MemoryMap map = new();
        PhysicalRange a = Range(0xfe40_4000, 0x1000);
        PhysicalRange b = Range(0xfe40_5000, 0x1000);
        Assert.Equal(Errno.None, map.RegisterProvider("0000:03:00.1", null, 0, a, new(a.Start.Value), out P2PProvider? first));
        Assert.Equal(Errno.None, map.RegisterProvider("0000:03:00.2", null, 0, b, new(b.Start.Value), out P2PProvider? second));
        Assert.True(map.TryFindOwner(new(0xfe40_4fff), out Owner last));
        Assert.Equal(new Owner(first!.Index, 1), last);
        Assert.True(map.TryFindOwner(new(0xfe40_5000), out Owner next));
        Assert.Equal(new Owner(second!.Index, 0x1000), next);

        // The page-descriptor way cannot do that.
        Assert.Equal(Errno.EINVAL, map.Register(Filled(MemoryType.PciP2P, a)));
    }

    [Fact]
    public void R44b_NoDescriptorIsMade_AndNoResourceChanges()
    {
        MemoryMap map = new();
        new P2PProviderSet(map, "gpu").Initialize(new BarAperture(1, Range(0x40_0000_0000, 64 * GiB), new(0)));
        Assert.Equal(0, map.DescriptorCount);
        Assert.Equal(0, map.PagemapRangeCount);
        Assert.Empty(map.Resources.Root.Children);
    }

    [Fact]
    public void R45a_AnyAddressHasItsProviderOrNone()
    {
        MemoryMap map = new();
        map.AddRam(Range(0, GiB), out _);
        P2PProviderSet set = new(map, "nvme1");
        set.Initialize(Bar0, Bar4);
        Assert.True(map.TryFindOwner(new(5), out Owner ram));
        Assert.Equal(new Owner(ProviderIndex.Ram, GiB - 5), ram);
        Assert.True(map.TryFindOwner(new(0x40_0000_0000 + MiB), out Owner cmb));
        Assert.Equal(new Owner(set.Provider(4)!.Index, 63 * MiB), cmb);
        Assert.False(map.TryFindOwner(new(GiB), out _));
        Assert.False(map.TryFindOwner(new(ulong.MaxValue), out _));
    }

    [Fact]
    public void R45b_InANestTheInnermostOwns_AndPartialOverlapIsRefused()
    {
        MemoryMap map = new();
        Assert.Equal(Errno.None, map.RegisterProvider("outer", null, -1, Range(GiB, 16 * KiB), default, out P2PProvider? outer));
        Assert.Equal(Errno.None, map.RegisterProvider("inner", null, -1, Range(GiB + 4096, 4096), default, out P2PProvider? inner));
        Assert.True(map.TryFindOwner(new(GiB), out Owner before));
        Assert.True(map.TryFindOwner(new(GiB + 4096), out Owner inside));
        Assert.True(map.TryFindOwner(new(GiB + 8192), out Owner after));
        Assert.Equal((new Owner(outer!.Index, 4096), new Owner(inner!.Index, 4096), new Owner(outer.Index, 8192)), (before, inside, after));
        Assert.Equal(Errno.EBUSY, map.RegisterProvider("partial", null, -1, Range(GiB + (12 * KiB), 8 * KiB), default, out P2PProvider? none));
        Assert.Null(none);
        Assert.Equal(Errno.EBUSY, map.RegisterProvider("same", null, -1, Range(GiB, 16 * KiB), default, out _));
        Assert.Equal(Errno.EINVAL, map.RegisterProvider("empty", null, -1, Range(GiB, 0), default, out _));
        map.AddRam(Range(0, 64 * MiB), out _);
        Assert.Equal(Errno.ENXIO, map.RegisterProvider("over RAM", null, -1, Range(0, 4096), default, out _));
    }

    [Fact]
    public void ABadBarLeavesNoProviderBehind()
    {
        MemoryMap map = new();
        P2PProviderSet set = new(map, "nvme1");
        Assert.Equal(Errno.EINVAL, set.Initialize(Bar0, Bar0));
        Assert.Equal(Errno.EINVAL, set.Initialize(Bar0, Bar4 with { Number = 6 }));
        Assert.Equal(Errno.EBUSY, set.Initialize(Bar0, new BarAperture(1, Range(0xfe40_2000, 0x4000), default)));
        Assert.Empty(map.Providers);
        Assert.Equal(Errno.None, set.Initialize(Bar0));
    }

    [Fact]
    public void RamOverTheEdgeOfAProviderKeepsTheBytesBeside()
    {
        MemoryMap map = new();
        map.RegisterProvider("bar", null, 0, Range(GiB, MiB), default, out P2PProvider? provider);
        Assert.Equal(Errno.None, map.AddRam(Range(GiB - MiB, 2 * MiB - 4096), out _));
        Assert.True(map.TryFindOwner(new(GiB - 1), out Owner ram));
        Assert.Equal(new Owner(ProviderIndex.Ram, 1), ram);
        Assert.True(map.TryFindOwner(new(GiB), out Owner bar));
        Assert.Equal(new Owner(provider!.Index, MiB), bar);
    }
}
