// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>Migration of anonymous memory, and files that a device reads and writes (section 4.1).</summary>
public sealed class MigrationTests
{
    private const int Pages = BufferBytes / Page;

    [Theory]
    [ClassData(typeof(Variants))]
    public void file_read(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        StoredFile file = host.Last(new StoredFile(host.Memory, "/tmp/hmm", new MemoryStore(Numbers(BufferBytes))));
        Assert.Equal(Errno.None, process.TryMap(new(BufferBytes, Protection.Read) { File = file, IsShared = true }, out VirtualAddress at));
        byte[] seen = new byte[BufferBytes];
        Assert.Equal(new MirrorResult(Errno.None, Pages, 1), mirror.Read(at, seen));
        HmmHostExtensions.AssertSame(Numbers(BufferBytes), seen);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void file_write(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        byte[] disk = new byte[BufferBytes];
        StoredFile file = host.Last(new StoredFile(host.Memory, "/tmp/hmm", new MemoryStore(disk)));
        Assert.Equal(Errno.None, process.TryMap(new(BufferBytes, Protection.ReadWrite) { File = file, IsShared = true }, out VirtualAddress at));
        Assert.Equal(new MirrorResult(Errno.None, Pages, 1), mirror.Write(at, Numbers(BufferBytes)));
        process.Expect(at, Numbers(BufferBytes));
        byte[] read = new byte[BufferBytes];
        Assert.Equal(BufferBytes, file.Read(0, read));
        HmmHostExtensions.AssertSame(Numbers(BufferBytes), read);
        Assert.Equal(Errno.None, file.Sync());
        HmmHostExtensions.AssertSame(Numbers(BufferBytes), disk);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void migrate(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = process.Map();
        process.Put(at, Numbers(BufferBytes));
        mirror.MigrateAll(at, Numbers(BufferBytes));
        Assert.Equal(device.Pool.Pages - Pages, device.Pool.FreePages);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void migrate_file_private(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        byte[] disk = new byte[BufferBytes];
        StoredFile file = host.Last(new StoredFile(host.Memory, "/tmp/hmm", new MemoryStore(disk)));
        Assert.Equal(Errno.None, process.TryMap(new(BufferBytes, Protection.ReadWrite) { File = file }, out VirtualAddress at));
        process.Put(at, Numbers(BufferBytes));
        mirror.MigrateAll(at, Numbers(BufferBytes));
        process.Expect(at, Numbers(BufferBytes));
        Assert.False(disk.AsSpan().ContainsAnyExcept((byte)0));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void migrate_fault(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = process.Map();
        process.Put(at, Numbers(BufferBytes));
        mirror.MigrateAll(at, Numbers(BufferBytes));
        process.Expect(at, Numbers(BufferBytes / 2));
        Assert.Equal(variant == DeviceVariant.Coherent ? 0 : Pages / 2, device.FaultsServed);
        mirror.MigrateAll(at, Numbers(BufferBytes));
        process.Expect(at, Numbers(BufferBytes));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void migrate_release(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = process.Map();
        process.Put(at, Numbers(BufferBytes));
        mirror.MigrateAll(at, Numbers(BufferBytes));
        Assert.Equal(0, device.EvictAll());
        Assert.Equal(device.Pool.Pages, device.Pool.FreePages);
        process.Expect(at, Numbers(BufferBytes));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R37a_migrate_shared(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = process.MapShared(host);
        Assert.Equal(Errno.ENOENT, mirror.MigrateToDevice(at, new byte[BufferBytes]).Errno);
        process.Put(at, Numbers(BufferBytes));
        Assert.Equal(Errno.ENOENT, mirror.MigrateToDevice(at, new byte[BufferBytes]).Errno);
        process.Expect(at, Numbers(BufferBytes));
        Assert.Equal(device.Pool.Pages, device.Pool.FreePages);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void migrate_mixed(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror0 = host.Open(host.Device(variant), process);
        ProcessMirror mirror1 = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map(6 * Page, Protection.None);
        Assert.Equal(Errno.EINVAL, mirror1.MigrateToDevice(at, new byte[6 * Page]).Errno);
        process.Unmap(at.Add(Page), Page);
        Assert.Equal(Errno.EINVAL, mirror1.MigrateToDevice(at, new byte[3 * Page]).Errno);
        PrepareMixed(process, at, writable: 2);
        MirrorResult result = mirror1.MigrateToDevice(at.Add(2 * Page), new byte[4 * Page]);
        Assert.Equal((Errno.None, 4), (result.Errno, result.Pages));
        Assert.Equal(Errno.ENOENT, mirror0.MigrateToDevice(at.Add(5 * Page), new byte[Page]).Errno);
        Assert.Equal(AccessOutcome.Done, process.Load(at.Add(5 * Page), out int five));
        Assert.Equal(5, five);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void migrate_multiple(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        for (int round = 0; round < 10; round++)
        {
            VirtualAddress at = process.Map();
            process.Put(at, Numbers(BufferBytes, round));
            mirror.MigrateAll(at, Numbers(BufferBytes, round));
            if (variant == DeviceVariant.Coherent)
            {
                Assert.Equal(new MirrorResult(Errno.None, Pages, 0), mirror.MigrateToSystem(at, BufferBytes));
            }

            process.Expect(at, Numbers(BufferBytes, round));
            process.Unmap(at, BufferBytes);
        }
    });

    /// <summary>Page 2 becomes the page of zeros, page 3 read-only, and those behind it writable; each holds its number.</summary>
    internal static void PrepareMixed(AddressSpace process, VirtualAddress at, int writable)
    {
        process.Protect(at.Add(2 * Page), Page, Protection.Read);
        Assert.Equal(AccessOutcome.Done, process.Load(at.Add(2 * Page), out int zero));
        Assert.Equal(0, zero);
        process.Protect(at.Add(3 * Page), Page, Protection.ReadWrite);
        Assert.Equal(AccessOutcome.Done, process.Store(at.Add(3 * Page), 3));
        process.Protect(at.Add(3 * Page), Page, Protection.Read);
        process.Protect(at.Add(4 * Page), (ulong)(writable * Page), Protection.ReadWrite);
        for (int page = 4; page < 4 + writable; page++)
        {
            Assert.Equal(AccessOutcome.Done, process.Store(at.Add((ulong)(page * Page)), page));
        }
    }
}
