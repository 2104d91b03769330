// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>What a device sees of page tables, and pages that it gets to itself (section 4.1).</summary>
public sealed class SnapshotTests
{
    private const int Pages = BufferBytes / Page;

    [Theory]
    [ClassData(typeof(Variants))]
    public void mixedmap(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        Assert.Equal(Errno.None, host.Memory.TryAllocateForMove(0, out PageFrameNumber frame));
        host.Memory.BytesAt(frame).Clear();
        DeviceFile file = host.Last(new DeviceFile(host.Memory, "/dev/hmm_dmirror0", new(frame.Address, Page), hasDescriptors: true));
        Assert.Equal(Errno.None, process.TryMap(new(Page, Protection.Read) { File = file }, out VirtualAddress at));
        process.Expect(at, new byte[Page]);
        Assert.Equal(MirrorReport.Read, mirror.Snapshot(at, 1)[0] & ~MirrorReport.Zero);
        Assert.Equal(Errno.EINVAL, mirror.MigrateToDevice(at, new byte[Page]).Errno);
        process.Unmap(at, Page);
        host.Memory.FreeUnmoved(frame);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R31d_R33a_snapshot(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror0 = host.Open(host.Device(variant), process);
        ProcessMirror mirror1 = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map(7 * Page, Protection.None);
        process.Unmap(at.Add(Page), Page);
        MigrationTests.PrepareMixed(process, at, writable: 3);
        Assert.Equal((Errno.None, 1), (mirror0.MigrateToDevice(at.Add(5 * Page), new byte[Page]) is var five ? five.Errno : default, five.Pages));
        Assert.Equal((Errno.None, 1), (mirror1.MigrateToDevice(at.Add(6 * Page), new byte[Page]) is var six ? six.Errno : default, six.Pages));
        long faults = process.Faults;
        MirrorReport[] seen = mirror0.Snapshot(at, 7);
        MirrorReport local = variant == DeviceVariant.Coherent ? MirrorReport.CoherentLocal : MirrorReport.PrivateLocal;
        MirrorReport remote = variant == DeviceVariant.Coherent ? MirrorReport.CoherentRemote | MirrorReport.Write : MirrorReport.None;
        Assert.Equal(
            [MirrorReport.Error, MirrorReport.Error, MirrorReport.Zero | MirrorReport.Read, MirrorReport.Read, MirrorReport.Write, local | MirrorReport.Write, remote], seen);
        Assert.Equal(faults, process.Faults);
    });

    // R31e.
    [Theory]
    [ClassData(typeof(Variants))]
    public void compound(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = process.MapHuge(Huge);
        process.Put(at, Numbers(Huge));
        Assert.All(mirror.Snapshot(at, 512), each => Assert.Equal(MirrorReport.Write | MirrorReport.Huge, each));
        process.Protect(at, Huge, Protection.Read);
        Assert.All(mirror.Snapshot(at, 512), each => Assert.Equal(MirrorReport.Read | MirrorReport.Huge, each));
    });

    // R33a.
    [Theory]
    [ClassData(typeof(Variants))]
    public void double_map(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror0 = host.Open(host.Device(variant), process);
        ProcessMirror mirror1 = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map();
        process.Put(at, Numbers(BufferBytes));
        process.Protect(at, BufferBytes, Protection.Read);
        mirror0.ReadAll(at, Numbers(BufferBytes));
        mirror1.ReadAll(at, Numbers(BufferBytes));
        mirror1.MigrateAll(at, Numbers(BufferBytes));
        byte[] seen = new byte[BufferBytes];
        Assert.Equal(new MirrorResult(Errno.None, Pages, 1), mirror0.Read(at, seen));
        HmmHostExtensions.AssertSame(Numbers(BufferBytes), seen);
        if (variant == DeviceVariant.Coherent)
        {
            Assert.Equal(new MirrorResult(Errno.None, Pages, 0), mirror1.MigrateToSystem(at, BufferBytes));
        }

        mirror0.MigrateAll(at, Numbers(BufferBytes));
        process.Expect(at, Numbers(BufferBytes));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R40a_exclusive(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map();
        process.Put(at, Numbers(BufferBytes));
        byte[] seen = new byte[BufferBytes];
        MirrorResult result = mirror.Exclusive(at, seen);
        Assert.Equal((Errno.None, Pages), (result.Errno, result.Pages));
        HmmHostExtensions.AssertSame(Numbers(BufferBytes), seen);
        Assert.Equal(Errno.EPERM, mirror.CheckExclusive(at, Pages));
        Increment(process, at);
        process.Expect(at, Numbers(BufferBytes, 1));
        Assert.Equal(Errno.None, mirror.CheckExclusive(at, Pages));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R40d_exclusive_mprotect(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map();
        process.Put(at, Numbers(BufferBytes));
        Assert.Equal(Errno.None, mirror.Exclusive(at, new byte[BufferBytes]).Errno);
        process.Protect(at, BufferBytes, Protection.Read);
        Assert.Equal(Errno.EPERM, mirror.Write(at, Numbers(BufferBytes, 7)).Errno);
        process.Expect(at, Numbers(BufferBytes));
        Assert.Equal(AccessOutcome.AccessError, process.Store(at, 1));
        Assert.Equal(Errno.EPERM, mirror.Exclusive(at, new byte[Page]).Errno);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R40c_exclusive_cow(DeviceVariant variant) => Run(host =>
    {
        AddressSpace parent = host.Process("parent");
        ProcessMirror mirror = host.Open(host.Device(variant), parent);
        VirtualAddress at = parent.Map();
        parent.Put(at, Numbers(BufferBytes));
        Assert.Equal(Errno.None, mirror.Exclusive(at, new byte[BufferBytes]).Errno);
        AddressSpace child = host.Fork(parent);
        Assert.Equal(Errno.None, mirror.CheckExclusive(at, Pages));
        Increment(parent, at);
        Increment(child, at);
        parent.Expect(at, Numbers(BufferBytes, 1));
        child.Expect(at, Numbers(BufferBytes, 1));
    });

    private static void Increment(AddressSpace process, VirtualAddress at)
    {
        byte[] bytes = process.Get(at, BufferBytes);
        Span<int> numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(bytes.AsSpan());
        foreach (ref int number in numbers)
        {
            number++;
        }

        process.Put(at, bytes);
    }
}
