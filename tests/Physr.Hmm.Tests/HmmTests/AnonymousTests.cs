// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>Anonymous memory that a device reads and writes (section 4.1; behind their rows, names are those of the kernel's <c>hmm-tests</c>).</summary>
public sealed class AnonymousTests
{
    private const int Pages = BufferBytes / Page;

    [Theory]
    [ClassData(typeof(Variants))]
    public void open_close(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        Assert.Equal(0, mirror.EntryCount);
        host.End(process);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void anon_read(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map();
        byte[] numbers = Numbers(BufferBytes);
        numbers.AsSpan(0, 2 * Page).Clear();
        process.Put(at.Add(2 * Page), numbers.AsSpan(2 * Page));
        process.Protect(at, BufferBytes, Protection.Read);
        Assert.Equal(AccessOutcome.Done, process.Load(at.Add(Page), out int zero));
        Assert.Equal(0, zero);
        byte[] seen = new byte[BufferBytes];
        Assert.Equal(new MirrorResult(Errno.None, Pages, 1), mirror.Read(at, seen));
        HmmHostExtensions.AssertSame(numbers, seen);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void anon_read_prot(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map();
        process.Put(at, Numbers(BufferBytes));
        process.Protect(at, BufferBytes, Protection.None);
        byte[] seen = Numbers(BufferBytes, 0, -1);
        Assert.Equal(Errno.EFAULT, mirror.Read(at, seen).Errno);
        process.Protect(at, BufferBytes, Protection.Read);
        process.Expect(at, Numbers(BufferBytes));
        HmmHostExtensions.AssertSame(Numbers(BufferBytes, 0, -1), seen);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void anon_write(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map();
        Assert.Equal(new MirrorResult(Errno.None, Pages, 1), mirror.Write(at, Numbers(BufferBytes)));
        process.Expect(at, Numbers(BufferBytes));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void anon_write_prot(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map(BufferBytes, Protection.Read);
        Assert.Equal(new MirrorResult(Errno.None, 1, 1), mirror.Read(at, new byte[Page]));
        Assert.Equal(Errno.EPERM, mirror.Write(at, Numbers(BufferBytes)).Errno);
        process.Expect(at, new byte[BufferBytes]);
        process.Protect(at, BufferBytes, Protection.ReadWrite);
        Assert.Equal(new MirrorResult(Errno.None, Pages, 1), mirror.Write(at, Numbers(BufferBytes)));
        process.Expect(at, Numbers(BufferBytes));
    });

    // Four modes, as there.
    [Theory]
    [InlineData(DeviceVariant.Private, false, false)]
    [InlineData(DeviceVariant.Private, true, false)]
    [InlineData(DeviceVariant.Private, false, true)]
    [InlineData(DeviceVariant.Private, true, true)]
    [InlineData(DeviceVariant.PrivateByRange, true, true)]
    [InlineData(DeviceVariant.Coherent, false, false)]
    [InlineData(DeviceVariant.Coherent, true, false)]
    [InlineData(DeviceVariant.Coherent, false, true)]
    [InlineData(DeviceVariant.Coherent, true, true)]
    public void R20b_R24a_anon_write_child(DeviceVariant variant, bool isMigrated, bool isHuge) => Run(host =>
    {
        AddressSpace parent = host.Process("parent");
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, parent);
        VirtualAddress at = isHuge ? parent.MapHuge(BufferBytes) : parent.Map();
        parent.Put(at, Numbers(BufferBytes));
        if (isMigrated)
        {
            mirror.MigrateAll(at, Numbers(BufferBytes));
        }

        AddressSpace child = host.Fork(parent);
        child.Expect(at, Numbers(BufferBytes));
        ProcessMirror childs = host.Open(device, child);
        Assert.Equal(new MirrorResult(Errno.None, Pages, 1), childs.Write(at, Numbers(BufferBytes, 0, -1)));
        child.Expect(at, Numbers(BufferBytes, 0, -1));
        parent.Expect(at, Numbers(BufferBytes));
        mirror.ReadAll(at, Numbers(BufferBytes));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void anon_write_child_shared(DeviceVariant variant) => Run(host =>
    {
        AddressSpace parent = host.Process("parent");
        MirrorDevice device = host.Device(variant);
        VirtualAddress at = parent.MapShared(host);
        parent.Put(at, Numbers(BufferBytes));
        AddressSpace child = host.Fork(parent);
        child.Expect(at, Numbers(BufferBytes));
        ProcessMirror childs = host.Open(device, child);
        Assert.Equal(new MirrorResult(Errno.None, Pages, 1), childs.Write(at, Numbers(BufferBytes, 0, -1)));
        child.Expect(at, Numbers(BufferBytes, 0, -1));
        parent.Expect(at, Numbers(BufferBytes, 0, -1));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void anon_write_huge(DeviceVariant variant) => Run(host => WriteHuge(host, variant));

    // There is no hugetlb here: memory of 2 MiB pages that are huge pages of the transparent kind stands in.
    [Theory]
    [ClassData(typeof(Variants))]
    public void anon_write_hugetlbfs(DeviceVariant variant) => Run(host => WriteHuge(host, variant), new() { HugePages = HugePagePolicy.Always });

    private static void WriteHuge(HmmHost host, DeviceVariant variant)
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = process.MapHuge(BufferBytes);
        Assert.Equal(new MirrorResult(Errno.None, Pages, 1), mirror.Write(at, Numbers(BufferBytes)));
        Assert.Equal((ulong)BufferBytes, process.Usage().AnonHugePages);
        process.Expect(at, Numbers(BufferBytes));
    }

    [Theory]
    [ClassData(typeof(Variants))]
    public void anon_read_multiple(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        for (int round = 0; round < 10; round++)
        {
            VirtualAddress at = process.Map();
            process.Put(at, Numbers(BufferBytes, round));
            byte[] seen = new byte[BufferBytes];
            Assert.Equal(new MirrorResult(Errno.None, Pages, 1), mirror.Read(at, seen));
            HmmHostExtensions.AssertSame(Numbers(BufferBytes, round), seen);
            process.Unmap(at, BufferBytes);
        }
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void anon_teardown(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        for (int round = 0; round < 10; round++)
        {
            VirtualAddress at = process.Map();
            process.Put(at, Numbers(BufferBytes, round));
            int delay = round * 40;
            Thread other = new(() =>
            {
                Thread.SpinWait(delay * 500);
                process.Unmap(at.Add(BufferBytes / 2), BufferBytes / 2);
            });
            other.Start();
            byte[] seen = new byte[BufferBytes];
            MirrorResult result = mirror.Read(at, seen);
            other.Join();
            Assert.Contains(result.Errno, (IEnumerable<Errno>)[Errno.None, Errno.EFAULT]);
            HmmHostExtensions.AssertSame(Numbers(BufferBytes, round).AsSpan(0, result.Pages * Page), seen.AsSpan(0, result.Pages * Page));
            Assert.True(result.Errno == Errno.EFAULT || result.Pages == Pages);
            process.Unmap(at, BufferBytes / 2);
        }
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void userfaultfd_read(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        mirror.IsUnlocked = true;
        VirtualAddress at = process.Map(4 * Page);
        FillingHandler handler = new(0xab);
        Assert.Equal(Errno.None, process.RegisterUserFaults(new(at, 4 * Page), handler));
        byte[] expected = new byte[4 * Page];
        expected.AsSpan().Fill(0xab);
        mirror.ReadAll(at, expected);
        Assert.Equal(4, handler.Served);
    });
}
