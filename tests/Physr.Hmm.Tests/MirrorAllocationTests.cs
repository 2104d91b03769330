// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>What runs for every fault, migration, look and pin takes nothing from the managed heap.</summary>
public sealed class MirrorAllocationTests
{
    private const int Few = 64;

    [Fact]
    public void FaultsOfTheCpuAllocateNothing() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(Few * Page);
        VirtualAddress huge = process.MapHuge(Huge);
        AssertNone(() =>
        {
            for (ulong page = 0; page < Few; page++)
            {
                process.Load(at.Add(page * Page), out int _);
                process.Store(at.Add(page * Page), 1);
            }

            process.Store(huge, 1);
            process.TryAdvise(at, Few * Page, MemoryAdvice.DontNeed);
            process.TryAdvise(huge, Huge, MemoryAdvice.DontNeed);
        });
    });

    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.Private, true)]
    [InlineData(DeviceVariant.PrivateByRange, false)]
    [InlineData(DeviceVariant.Coherent, false)]
    public void MigrationThereAndBackAllocatesNothing(DeviceVariant variant, bool isHuge) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = isHuge ? process.MapHuge(Huge) : process.Map(Huge);
        process.Put(at, Numbers(Huge));
        byte[] seen = new byte[Few * Page];
        int faults = (int)device.FaultsServed;
        AssertNone(() =>
        {
            mirror.MigrateToDevice(at, seen);
            for (ulong page = 0; page < Few; page++)
            {
                process.Load(at.Add(page * Page), out int _);
            }

            if (variant == DeviceVariant.Coherent)
            {
                mirror.MigrateToSystem(at, Few * Page);
            }
        });
        Assert.True(variant == DeviceVariant.Coherent || device.FaultsServed > faults);
        process.Expect(at, Numbers(Huge));
    });

    [Fact]
    public void LooksAtPageTablesAllocateNothing() => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(DeviceVariant.Private), process);
        VirtualAddress at = process.Map(Few * Page);
        process.Put(at, Numbers(Few * Page));
        byte[] seen = new byte[Few * Page];
        AssertNone(() =>
        {
            mirror.Read(at, seen);
            process.TryProtect(at, Few * Page, Protection.Read);
            mirror.Read(at, seen);
            process.TryProtect(at, Few * Page, Protection.ReadWrite);
        });
    });

    [Fact]
    public void EvictionAllocatesNothing() => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(DeviceVariant.Private, 4 << 20);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = process.Map(Few * Page);
        process.Put(at, Numbers(Few * Page));
        byte[] seen = new byte[Few * Page];
        AssertNone(() =>
        {
            mirror.MigrateToDevice(at, seen);
            device.EvictAll();
        });
        process.Expect(at, Numbers(Few * Page));
    });

    [Theory]
    [InlineData(PinFlags.Write)]
    [InlineData(PinFlags.None)]
    [InlineData(PinFlags.LongTerm | PinFlags.Write)]
    [InlineData(PinFlags.ReferenceOnly)]
    public void PinsAllocateNothing(PinFlags flags) => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(Few * Page);
        process.Put(at, Numbers(Few * Page));
        PhysicalRange[] pages = [.. Enumerable.Range(0, Few).Select(i => new PhysicalRange(process.FrameOf(at.Add((ulong)(i * Page))).Address, Page))];
        AssertNone(() =>
        {
            using RangeListBuilder frames = RangeListBuilder.Rent();
            process.TryPin(at, Few * Page, flags, frames);
            foreach (PhysicalRange page in pages)
            {
                process.Release(page, isDirty: true, isReference: (flags & PinFlags.ReferenceOnly) != PinFlags.None);
            }
        });
    });

    private static void AssertNone(Action run) => Assert.Equal(0, AllocationProbe.Least(run));
}
