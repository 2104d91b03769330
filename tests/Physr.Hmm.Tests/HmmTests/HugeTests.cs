// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>Migration of 2 MiB pages (section 4.1).</summary>
public sealed class HugeTests
{
    [Theory]
    [ClassData(typeof(Variants))]
    public void migrate_anon_huge_empty(DeviceVariant variant) => WithHuge(variant, (_, _, mirror, at) => mirror.MigrateAll(at, new byte[Huge]));

    [Theory]
    [ClassData(typeof(Variants))]
    public void migrate_anon_huge_zero(DeviceVariant variant) => WithHuge(variant, (_, process, mirror, at) =>
    {
        Assert.Equal(AccessOutcome.Done, process.Load(at, out int zero));
        Assert.Equal(0, zero);
        mirror.MigrateAll(at, new byte[Huge]);
        process.Expect(at, new byte[Huge]);
        process.Put(at, Numbers(Huge));
        process.Expect(at, Numbers(Huge));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void migrate_anon_huge_free(DeviceVariant variant) => WithHuge(variant, (_, process, mirror, at) =>
    {
        process.Put(at, Numbers(Huge));
        process.Advise(at, Huge, MemoryAdvice.Free);
        mirror.MigrateAll(at, Numbers(Huge));
        process.Expect(at, Numbers(Huge));
    });

    // One callback for all 2 MiB.
    [Theory]
    [ClassData(typeof(Variants))]
    public void R23a_migrate_anon_huge_fault(DeviceVariant variant) => WithHuge(variant, (device, process, mirror, at) =>
    {
        process.Put(at, Numbers(Huge));
        Assert.Equal((ulong)Huge, process.Usage().AnonHugePages);
        mirror.MigrateAll(at, Numbers(Huge));
        Assert.Equal((ulong)Huge, process.Usage().AnonHugePages);
        Assert.All(mirror.Snapshot(at, 512), each => Assert.Equal(MirrorReport.Huge, each & MirrorReport.Huge));
        process.Expect(at, Numbers(Huge));
        Assert.Equal(variant == DeviceVariant.Coherent ? 0 : 1, device.FaultsServed);
        Assert.Equal((ulong)Huge, process.Usage().AnonHugePages);
    });

    [Theory]
    [InlineData(DeviceVariant.Private, 0)]
    [InlineData(DeviceVariant.Private, 1)]
    [InlineData(DeviceVariant.Private, 2)]
    [InlineData(DeviceVariant.PrivateByRange, 1)]
    [InlineData(DeviceVariant.Coherent, 0)]
    [InlineData(DeviceVariant.Coherent, 1)]
    [InlineData(DeviceVariant.Coherent, 2)]
    public void R25a_migrate_partial_unmap_fault(DeviceVariant variant, int quarters) => WithHuge(variant, (_, process, mirror, at) =>
    {
        const int Gone = Huge / 2;
        int offset = quarters * Huge / 4;
        byte[] numbers = Numbers(Huge);
        process.Put(at, numbers);
        mirror.MigrateAll(at, numbers);
        process.Unmap(at.Add((ulong)offset), Gone);
        process.Expect(at, numbers.AsSpan(0, offset));
        process.Expect(at.Add((ulong)(offset + Gone)), numbers.AsSpan(offset + Gone));
        Assert.Equal(AccessOutcome.MapError, process.Load(at.Add((ulong)offset), out int _));
    });

    // Before or after, with or without MREMAP_DONTUNMAP, huge or not, at three places.
    [Theory]
    [MemberData(nameof(RemapCases))]
    public void R25a_migrate_remap_fault(DeviceVariant variant, bool isBefore, bool dontUnmap, bool isHuge, int quarters) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = isHuge ? process.MapHuge(2 * Huge) : process.Map(2 * Huge);
        VirtualAddress target = process.Map(2 * Huge);
        byte[] numbers = Numbers(Huge);
        process.Put(at, numbers);
        if (isBefore)
        {
            mirror.MigrateAll(at, numbers);
        }

        int offset = quarters * Huge / 4;
        VirtualAddress wanted = target.Add((ulong)offset);
        RemapRequest request = new(at, Huge, Huge) { MayMove = true, NewAddress = wanted, DontUnmap = dontUnmap };
        Assert.Equal(Errno.None, process.TryRemap(request, out VirtualAddress moved));
        Assert.Equal(wanted, moved);
        if (!isBefore)
        {
            mirror.MigrateAll(moved, numbers);
        }

        process.Expect(moved, numbers);
        if (dontUnmap)
        {
            process.Expect(at, new byte[Huge]);
        }
        else
        {
            Assert.Equal(AccessOutcome.MapError, process.Load(at, out int _));
        }
    });

    public static TheoryData<DeviceVariant, bool, bool, bool, int> RemapCases()
    {
        TheoryData<DeviceVariant, bool, bool, bool, int> cases = [];
        for (int bits = 0; bits < 48; bits++)
        {
            for (int quarters = 0; quarters < 3; quarters++)
            {
                if ((bits >> 3) is 0 or 2)
                {
                    cases.Add((DeviceVariant)(bits >> 3), (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, quarters);
                }
            }
        }

        return cases;
    }

    // The device has no 2 MiB, then RAM has none.
    [Theory]
    [ClassData(typeof(Variants))]
    public void R38a_R38c_migrate_anon_huge_err(DeviceVariant variant) => WithHuge(variant, (device, process, mirror, at) =>
    {
        process.Put(at, Numbers(Huge));
        device.FailsHugeAllocations = true;
        mirror.MigrateAll(at, Numbers(Huge));
        Assert.Equal(0UL, process.Usage().AnonHugePages);
        process.Expect(at, Numbers(Page));
        device.FailsHugeAllocations = false;
        process.Expect(at, Numbers(Huge));
        VirtualAddress other = process.MapHuge(Huge);
        process.Put(other, Numbers(Huge, 5));
        mirror.MigrateAll(other, Numbers(Huge, 5));
        device.FailsHugeAllocations = true;
        Assert.Equal(AccessOutcome.Done, process.Load(other.Add(Page), out int first));
        Assert.Equal(5 + (Page / 4), first);
        process.Expect(other, Numbers(Huge, 5));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void migrate_anon_huge_zero_err(DeviceVariant variant) => WithHuge(variant, (device, process, mirror, at) =>
    {
        Assert.Equal(AccessOutcome.Done, process.Load(at, out int _));
        device.FailsHugeAllocations = true;
        mirror.MigrateAll(at, new byte[Huge]);
        process.Expect(at, new byte[Huge]);
        process.Put(at, Numbers(Huge));
        process.Expect(at, Numbers(Huge));
    });

    // Sizes in eighths of 2 MiB. Only that it works is asserted; how fast it is stands in bench/.
    [Theory]
    [InlineData(DeviceVariant.Private, 2)]
    [InlineData(DeviceVariant.Private, 4)]
    [InlineData(DeviceVariant.Private, 8)]
    [InlineData(DeviceVariant.Private, 16)]
    [InlineData(DeviceVariant.Private, 32)]
    [InlineData(DeviceVariant.Private, 64)]
    [InlineData(DeviceVariant.Private, 1024)]
    [InlineData(DeviceVariant.Coherent, 2)]
    [InlineData(DeviceVariant.Coherent, 64)]
    public void benchmark_thp_migration(DeviceVariant variant, int eighths) => Run(
        host =>
        {
            AddressSpace process = host.Process();
            ProcessMirror mirror = host.Open(host.Device(variant, (ulong)Math.Max(8, eighths) * (Huge / 8)), process);
            int length = eighths * (Huge / 8);
            VirtualAddress at = process.MapHuge((ulong)Math.Max(length, Huge));
            byte[] numbers = Numbers(length);
            process.Put(at, numbers);
            mirror.MigrateAll(at, numbers);
            Assert.Equal(Errno.None, mirror.MigrateToSystem(at, (ulong)length).Errno);
            process.Expect(at, numbers);
        },
        ramBytes: 384 << 20);

    private static void WithHuge(DeviceVariant variant, Action<MirrorDevice, AddressSpace, ProcessMirror, VirtualAddress> test) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        test(device, process, host.Open(device, process), process.MapHuge(Huge));
    });
}
