// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class FailNthTests
{
    [Theory]
    [InlineData("pagemap")]
    [InlineData("altmap")]
    [InlineData("private")]
    [InlineData("providers")]
    [InlineData("paged pool")]
    public void R91a_EveryAllocationMayFail_AndNothingLeaks(string operation)
    {
        FailNth.Repeat(least: 2, gate =>
        {
            MemoryMap map = new(new() { AllocationGate = gate });
            Errno errno = Run(map, operation);
            Assert.True(errno == (gate.FailedAt is null ? Errno.None : Errno.ENOMEM), $"{operation}, {gate.FailedAt}: {errno}");
            AssertNothingLeft(map);
            Assert.Equal(0, map.Private.RegionCount);
            if (errno != Errno.None)
            {
                Assert.Empty(map.Providers);
            }

            return errno == Errno.None;
        });
    }

    // Does the operation, undoes it if it worked, and gives its result.
    private static Errno Run(MemoryMap map, string operation)
    {
        switch (operation)
        {
            case "pagemap":
                Pagemap pagemap = Filled(MemoryType.Generic, Range(GiB, 4 * MiB), Range(2 * GiB, 2 * MiB));
                Errno errno = map.Register(pagemap);
                Assert.Equal(errno == Errno.None ? 2 : 0, pagemap.MappedRangeCount);
                map.Unregister(pagemap);
                return errno;
            case "altmap":
                Pagemap onDevice = Filled(MemoryType.FsDax, Range(GiB, 4 * MiB));
                onDevice.Altmap = new() { Base = new PhysicalAddress(GiB).Frame, Free = 16 };
                errno = map.Register(onDevice);
                map.Unregister(onDevice);
                Assert.Equal((0UL, 0UL), (onDevice.Altmap.Allocated, onDevice.Altmap.Align));
                return errno;
            case "private":
                Pagemap unaddressable = Filled(MemoryType.DevicePrivate);
                errno = map.Private.Register(unaddressable, 4 * MiB, out _, out _);
                map.Unregister(unaddressable);
                return errno;
            case "providers":
                P2PProviderSet device = new(map, "nvme1");
                errno = device.Initialize(new BarAperture(0, Range(GiB, 2 * MiB), default), new BarAperture(4, Range(2 * GiB, 4096), default));
                device.Remove();
                return errno;
            default:
                P2PProviderSet owner = new(map, "nvme1");
                errno = owner.Initialize(new BarAperture(0, Range(GiB, 2 * MiB), default));
                using (P2PPool pool = new(owner, P2PPoolBacking.PageDescriptors))
                {
                    errno = errno == Errno.None ? pool.AddResource(0) : errno;
                    if (errno == Errno.None && pool.TryAllocate(8192, out PhysicalRange range))
                    {
                        pool.Free(range);
                    }
                }

                Assert.Equal(Errno.None, owner.TryRemove());
                return errno;
        }
    }
}
