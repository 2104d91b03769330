// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>The two ways to number private memory, side by side (rows R14 to R17).</summary>
public sealed class AddressRangeTests
{
    [Fact]
    public void R14_R16_TheSameWorkloadWithHotplug_TheKernelsWayLosesTheRam_TheOffsetSpaceDoesNot()
    {
        MemoryMapOptions options = new() { PhysicalAddressBits = 34 };

        // RAM ends at 1 GiB, and a made-up range goes to the top of 16 GiB: there the machine then gets more RAM.
        PhysicalRange added = new(new(PageSize.Size1G * 16 - PageSize.Section), PageSize.Section);
        Run(
            host =>
            {
                MirrorDevice device = host.Device(DeviceVariant.PrivateByRange);
                PhysicalRange madeUp = new(device.First.Frame.Address, 32 << 20);
                Assert.True(added.Contains(madeUp));
                Assert.True(host.Memory.Map.TouchesPrivate(madeUp));
                Work(host, device);
                Assert.Equal(Errno.EEXIST, host.Memory.Map.HotAddRam(added, out Resource? conflict, out string message));
                Assert.Equal(ResourceDescriptor.DevicePrivateMemory, conflict!.Descriptor);
                Assert.Contains("Unaddressable device device0", message, StringComparison.Ordinal);
            },
            mapOptions: options);
        Run(
            host =>
            {
                MirrorDevice device = host.Device(DeviceVariant.Private);
                Assert.True(host.Memory.Map.WouldCollide(32 << 20, "device0", added, out string message));
                Assert.Contains("conflicts with", message, StringComparison.Ordinal);
                Work(host, device);
                Assert.Equal(Errno.None, host.Memory.Map.HotAddRam(added, out _, out _));
                Work(host, device);
                Assert.Equal(Errno.None, host.Memory.Map.HotRemoveRam(added));
            },
            mapOptions: options);
    }

    [Fact]
    public void R14c_R17_WhereNoPhysicalAddressesAreLeft_TheOffsetSpaceStillHasRoom() => Run(
        host =>
        {
            // 256 MiB of physical addresses, half of them RAM, the other half taken by a device's window.
            MemoryMap map = host.Memory.Map;
            Assert.Equal(Errno.None, map.Resources.Insert("pci window", new(new(PageSize.Section), PageSize.Section), ResourceFlags.Memory, ResourceDescriptor.None, out Resource? window, out _));
            Assert.Equal(Errno.ERANGE, map.RequestPrivateRange(32 << 20, "device", out _));
            MirrorDevice device = host.Device(DeviceVariant.Private);
            Work(host, device);
            Assert.Equal(Errno.None, map.Resources.Remove(window!));
        },
        ramStart: 0,
        ramBytes: PageSize.Section,
        mapOptions: new() { PhysicalAddressBits = 28 });

    [Fact]
    public void R15_R17_AMadeUpRangeSkipsWhatIsTaken_AndStaysBelowTheEndOfAddresses() => Run(
        host =>
        {
            MirrorDevice first = host.Device(DeviceVariant.PrivateByRange);
            MirrorDevice second = host.Device(DeviceVariant.PrivateByRange);
            ulong end = host.Memory.Map.PhysicalEnd.Value;
            Assert.Equal(end - PageSize.Section, first.First.Frame.Address.Value);
            Assert.Equal(end - (2 * PageSize.Section), second.First.Frame.Address.Value);
            Work(host, first);
            Work(host, second);
        });

    private static void Work(HmmHost host, MirrorDevice device)
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = process.Map(Huge);
        process.Put(at, Numbers(Huge));
        mirror.MigrateAll(at, Numbers(Huge));
        Assert.Equal(new MirrorResult(Errno.None, 512, 0) with { Faults = 0 }, mirror.Write(at, Numbers(Huge, 1)));
        process.Expect(at, Numbers(Huge, 1));
        host.End(process);
    }
}
