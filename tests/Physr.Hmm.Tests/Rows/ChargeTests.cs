// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>Whose account pages are on while they are with a device (row R27).</summary>
public sealed class ChargeTests
{
    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.Private, true)]
    [InlineData(DeviceVariant.Coherent, false)]
    [InlineData(DeviceVariant.Coherent, true)]
    public void R27b_ComingHomeNeedsNoNewCharge_HoweverFullTheGroup(DeviceVariant variant, bool isHuge) => Run(host =>
    {
        MemoryGroup group = host.Group(Huge);
        AddressSpace process = host.Process("process", group);
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = isHuge ? process.MapHuge(Huge) : process.Map(Huge);
        process.Put(at, Numbers(Huge));
        VirtualAddress beyond = process.Map(Page);
        Assert.Equal(AccessOutcome.OutOfMemory, process.Store(beyond, 1));
        for (int round = 0; round < 3; round++)
        {
            mirror.MigrateAll(at, Numbers(Huge));
            Assert.Equal((512L, 512L, 512L), (group.ChargedPages, process.ResidentPages, process.AnonymousPages));
            Assert.Equal(AccessOutcome.OutOfMemory, process.Store(beyond, 1));
            Assert.Equal(0, device.EvictAll());
            process.Expect(at, Numbers(Huge));
            Assert.Equal((512L, 512L), (group.ChargedPages, group.MostPages));
        }

        mirror.MigrateAll(at, Numbers(Huge));
        process.Unmap(at, Huge);
        Assert.Equal(0, group.ChargedPages);
    });

    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.Private, true)]
    [InlineData(DeviceVariant.Coherent, false)]
    public void R27b_HolesThatADeviceFillsAreCharged_UpToTheLimit(DeviceVariant variant, bool isHuge) => Run(host =>
    {
        MemoryGroup group = host.Group(Huge);
        AddressSpace process = host.Process("process", group);
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = isHuge ? process.MapHuge(Huge) : process.Map(Huge);
        mirror.MigrateAll(at, new byte[Huge]);
        Assert.Equal(512, group.ChargedPages);
        VirtualAddress beyond = process.Map(Page);
        Assert.Equal(Errno.ENOENT, mirror.MigrateToDevice(beyond, new byte[Page]).Errno);
        Assert.Equal(512, group.ChargedPages);
        process.Expect(at, new byte[Huge]);
    });
}
