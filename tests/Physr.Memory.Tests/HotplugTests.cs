// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class HotplugTests
{
    [Fact]
    public void R16a_HotAddLosesAgainstAMadeUpRange_AndNamesIt()
    {
        List<string> warnings = [];
        MemoryMap map = new(new() { PhysicalAddressBits = 43, Warn = warnings.Add });
        Assert.Equal(Errno.None, map.RequestPrivateRange(GiB, "gpu0", out Resource? fake));

        PhysicalRange ram = Range(fake!.Range.Start.Value + (512 * MiB), GiB / 2);
        Assert.Equal(Errno.EEXIST, map.HotAddRam(ram, out Resource? conflict, out string message));
        Assert.Same(fake, conflict);
        Assert.Equal("Unaddressable device gpu0 [mem 0x7ffc0000000-0x7ffffffffff] conflicts with [mem 0x7ffe0000000-0x7ffffffffff]", message);
        Assert.Equal([message], warnings);
        Assert.False(map.TryFindOwner(ram.Start, out _));
    }

    [Fact]
    public void R16b_AnOffsetSpaceNeedsNoRange_AndSaysWhatWouldHaveCollided()
    {
        MemoryMap map = new(new() { PhysicalAddressBits = 43 });
        Pagemap pagemap = Filled(MemoryType.DevicePrivate);
        PhysicalRange ram = Range((1UL << 43) - GiB, GiB);
        Assert.True(map.WouldCollide(4 * MiB, "gpu0", ram, out string message));
        Assert.StartsWith("Unaddressable device gpu0 [mem 0x7fff8000000-0x7ffffffffff] conflicts with", message, StringComparison.Ordinal);
        Assert.False(map.WouldCollide(4 * MiB, "gpu0", Range(0, GiB), out _));

        Assert.Equal(Errno.None, map.Private.Register(pagemap, 4 * MiB, out AddressRange<DevicePrivateOffset> region, out string reason));
        Assert.Empty(reason);
        Assert.Empty(map.Resources.Root.Children);
        Assert.Equal(Errno.None, map.HotAddRam(ram, out _, out _));
        Assert.Equal(1024, map.DescriptorCount);

        Assert.Equal(Errno.None, pagemap.InitializePage(region.Start, 0, out DevicePage page));
        Assert.True(page.HasNoFrame);
        Assert.Equal(region.Start, page.Offset);
        Assert.Throws<InvalidOperationException>(() => page.Frame);
        page.Put();
        map.Unregister(pagemap);
        AssertNothingLeft(map);
        Assert.Equal(0, map.Private.RegionCount);
    }

    [Fact]
    public void R16b_RegionsOfTheOffsetSpaceAreDisjoint_AndReused()
    {
        MemoryMap map = new();
        Pagemap[] pagemaps = [Filled(MemoryType.DevicePrivate), Filled(MemoryType.DevicePrivate), Filled(MemoryType.DevicePrivate)];
        AddressRange<DevicePrivateOffset>[] regions = new AddressRange<DevicePrivateOffset>[3];
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Errno.None, map.Private.Register(pagemaps[i], 2 * MiB, out regions[i], out _));
        }

        Assert.False(regions[0].Overlaps(regions[1]) || regions[1].Overlaps(regions[2]));
        map.Unregister(pagemaps[1]);
        Assert.False(map.Private.TryGetPagemap(regions[1].Start, out _));
        Assert.Equal(Errno.None, map.Private.Register(pagemaps[1], 2 * MiB, out AddressRange<DevicePrivateOffset> again, out _));
        Assert.Equal(regions[1], again);
        Assert.True(map.Private.TryGetPagemap(again.Start, out PagemapReference held));
        Assert.Same(pagemaps[1], held.Pagemap);
        held.Dispose();

        Pagemap withRange = Filled(MemoryType.DevicePrivate, Range(0, 2 * MiB));
        Assert.Equal(Errno.EINVAL, map.Private.Register(withRange, 2 * MiB, out _, out _));
        Assert.Equal(Errno.EINVAL, map.Private.Register(Filled(MemoryType.Generic), 2 * MiB, out _, out _));
        Assert.Equal(Errno.EINVAL, map.Private.Register(Filled(MemoryType.DevicePrivate), MiB, out _, out _));
        Array.ForEach(pagemaps, pagemap => map.Unregister(pagemap));
        AssertNothingLeft(map);
    }

    [Fact]
    public void R17a_PrivateMemoryReachesThePhysicalEnd_OthersTheMappableEnd()
    {
        MemoryMap map = new(new() { PhysicalAddressBits = 46, MappableEnd = new PhysicalAddress(TiB) });
        PhysicalRange above = Range(TiB, 2 * MiB);
        PhysicalRange across = Range(TiB - (2 * MiB), 4 * MiB);
        foreach (MemoryType type in new[] { MemoryType.DeviceCoherent, MemoryType.FsDax, MemoryType.Generic, MemoryType.PciP2P })
        {
            Assert.Equal(Errno.EINVAL, map.Register(Filled(type, above)));
            Assert.Equal(Errno.EINVAL, map.Register(Filled(type, across)));
        }

        map.Unregister(map.Registered(MemoryType.DevicePrivate, above));
        map.Unregister(map.Registered(MemoryType.Generic, Range(TiB - (2 * MiB), 2 * MiB)));
        Assert.Equal(Errno.EINVAL, map.Register(Filled(MemoryType.DevicePrivate, Range((1UL << 46) - (2 * MiB), 4 * MiB))));
        Assert.True(map.IsHotplugAllowed(above, needsLinearMap: false));
        Assert.False(map.IsHotplugAllowed(above, needsLinearMap: true));
        AssertNothingLeft(map);
    }

    [Fact]
    public void R17b_NearTheTopOfTheAddressSpaceNothingOverflows()
    {
        MemoryMap map = new();
        PhysicalRange top = Range(ulong.MaxValue - (4 * MiB) + 1 - (2 * MiB), 4 * MiB);
        Assert.False(map.IsHotplugAllowed(top, needsLinearMap: false));
        Assert.Equal(Errno.EINVAL, map.Register(Filled(MemoryType.DevicePrivate, top)));
        Assert.Equal(Errno.ERANGE, map.HotAddRam(Range(1UL << 62, PageSize.Section), out _, out _));
    }

    [Fact]
    public void HotRemove_TakesWhatWasAdded_UnlessSomethingIsInside()
    {
        MemoryMap map = new();
        PhysicalRange ram = Range(4 * GiB, GiB);
        Assert.Equal(Errno.None, map.HotAddRam(ram, out _, out _));
        Assert.True(map.TryFindOwner(ram.Start, out Owner owner));
        Assert.Equal(new Owner(ProviderIndex.Ram, GiB), owner);
        Assert.Equal(Errno.EINVAL, map.HotAddRam(Range(8 * GiB, MiB), out _, out _));
        Assert.Equal(Errno.ENOENT, map.HotRemoveRam(Range(4 * GiB, MiB)));

        Resource code = map.Resources.Inserted("Kernel code", Range(4 * GiB, MiB), ResourceFlags.SystemRam);
        Assert.Equal(Errno.EBUSY, map.HotRemoveRam(ram));
        map.Resources.Remove(code);
        Assert.Equal(Errno.None, map.HotRemoveRam(ram));
        Assert.False(map.TryFindOwner(ram.Start, out _));
    }
}
