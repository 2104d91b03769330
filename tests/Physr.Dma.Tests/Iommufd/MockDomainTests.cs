// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using static Physr.Dma.Tests.Iommufd.IommufdRig;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>What is mapped in domains, page by page (the suite's fixture <c>iommufd_mock_domain</c>).</summary>
public sealed class MockDomainTests
{
    private const ulong Buffer = IommufdRig.Buffer;
    private const ulong Length = 16 * PageBytes;

    public static TheoryData<int, string> Variants
    {
        get
        {
            TheoryData<int, string> data = [];
            foreach (string memory in (string[])["base", "hugepage", "file", "file_hugepage"])
            {
                data.Add(1, memory);
                data.Add(2, memory);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_mock_domain_basic(int domains, string memory)
    {
        using Fixture fixture = new(domains, memory);
        IommufdRig rig = fixture.Rig;
        ulong huge = 2 << 20;
        foreach (ulong length in (ulong[])[PageBytes, Length, huge])
        {
            ulong iova = fixture.Map(0, length);
            fixture.Check(iova, 0, length);
            Assert.Equal([1], fixture.PinsOf(0, length));
            rig.Unmap(iova, length);
            Assert.Equal([0], fixture.PinsOf(0, length));
        }

        DmaAddress at = default;
        if (fixture.File is { } file)
        {
            // Beyond the file's end, and before it.
            Is(Errno.EINVAL, rig.Ioas.MapFile(file, 0, file.Length + 1, ref at, ReadWrite));
            Is(Errno.EINVAL, rig.Ioas.MapFile(file, file.Length, PageBytes, ref at, ReadWrite));
            Is(Errno.EINVAL, rig.Ioas.MapFile(file, 1UL << 62, PageBytes, ref at, ReadWrite));
            Is(Errno.EOVERFLOW, rig.Ioas.MapFile(file, ulong.MaxValue - 4095, 2 * PageBytes, ref at, ReadWrite));
            Assert.Equal(1, file.References);
        }
        else
        {
            // A hole in the middle, and at the first page.
            rig.Process.Unmap(Buffer + (5 * PageBytes), PageBytes);
            Is(Errno.EFAULT, rig.TryMap(Buffer, Length));
            Is(Errno.EFAULT, rig.TryMap(Buffer + (5 * PageBytes), Length));
            Is(Errno.EFAULT, rig.TryMap(0, PageBytes));
            rig.Process.Allocate(Buffer + (5 * PageBytes), PageBytes);
        }

        Assert.Equal([0], fixture.PinsOf(0, Length));
        Assert.Equal(0, rig.Ioas.AreaCount);
        Assert.All(fixture.Domains, static domain => Assert.Equal((0, 0), (domain.LeafCount, domain.StaleCount)));
    }

    [Theory]
    [InlineData(1, "base")]
    [InlineData(2, "base")]
    [InlineData(1, "hugepage")]
    [InlineData(2, "hugepage")]
    public void R71_ro_unshare(int domains, string memory)
    {
        // A page shared with a child until one of them writes, mapped read-only: the write must not take it away from under the device. Files have no such pages.
        using Fixture fixture = new(domains, memory);
        IommufdRig rig = fixture.Rig;
        FakeProcess child = rig.Process.Fork();
        ulong iova = rig.Map(Buffer, PageBytes, flags: IoMapFlags.Readable);
        fixture.Check(iova, 0, PageBytes);
        FakeFrame frame = rig.Process.FrameAt(Buffer);
        Ok(rig.Process.TryWrite(new(Buffer), [1]));
        Assert.Same(frame, rig.Process.FrameAt(Buffer));
        fixture.Check(iova, 0, PageBytes);
        Assert.All(fixture.Domains, domain => Assert.False(domain.TryReach(iova, isWrite: true, out _)));
        child.Exit();
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_all_aligns(int domains, string memory)
    {
        using Fixture fixture = new(domains, memory);
        for (ulong start = 0; start < Length; start += MockDomain.Page)
        {
            for (ulong end = start + MockDomain.Page; end <= Length; end += MockDomain.Page)
            {
                ulong iova = fixture.Map(start, end - start);
                fixture.Check(iova, start, end - start);
                Assert.Equal([1], fixture.PinsOf(start, end - start));
                fixture.Rig.Unmap(iova, end - start);
            }
        }

        Assert.Equal([0], fixture.PinsOf(0, Length));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R73a_all_aligns_copy(int domains, string memory)
    {
        using Fixture fixture = new(domains, memory);
        IommufdRig rig = fixture.Rig;
        IoAddressSpace other = rig.NewIoas();
        for (ulong start = 0; start < Length / 2; start += MockDomain.Page)
        {
            for (ulong end = start + MockDomain.Page; end <= Length; end += MockDomain.Page)
            {
                ulong length = end - start;
                ulong iova = fixture.Map(start, length);
                ulong copy = rig.Copy(rig.Ioas, iova, length, other, MockDomain.Start + (32 << 20));

                // A domain that comes after the copy finds the frames in the first; it keeps them when the first goes.
                IommufdDevice late = rig.Attach(new MockDevice("late") { IsPicky = true }, other);
                MockDomain domain = ((MockDevice)late.Hardware).Domain()!;
                fixture.Check(copy, start, length, domain);
                Assert.Equal([1], fixture.PinsOf(start, length));
                rig.Unmap(iova, length);
                Assert.Equal([1], fixture.PinsOf(start, length));
                fixture.Check(copy, start, length, domain);
                rig.Unmap(copy, length, other);
                Assert.Equal([0], fixture.PinsOf(start, length));
                late.Unbind();
                rig.Devices.Remove(late);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R73_user_copy(int domains, string memory)
    {
        using Fixture fixture = new(domains, memory);
        IommufdRig rig = fixture.Rig;
        IoAddressSpace source = rig.NewIoas();
        ulong from = fixture.Map(0, Length, source);
        TestAccessUser user = rig.NewAccess(source);
        Ok(user.Pin(from, Length, AccessFlags.Write, out RangeList pages));
        Assert.Equal(Length, pages.Length);
        Assert.Equal([1], fixture.PinsOf(0, Length));

        // What is pinned by an access is copied into an address space with domains, from the frames kept for it.
        ulong copy = rig.Copy(source, from, Length, rig.Ioas);
        fixture.Check(copy, 0, Length);
        Assert.Equal([1], fixture.PinsOf(0, Length));

        // The access goes over to the other address space: it unpins, and the domain's hold is the only one.
        Ok(user.Access!.Replace(rig.Ioas));
        Assert.Equal([1], fixture.PinsOf(0, Length));
        Ok(user.Pin(copy, Length, AccessFlags.Write, out RangeList again));
        Assert.Equal(pages.Length, again.Length);
        rig.Unmap(from, Length, source);
        Ok(source.Destroy());
        Is(Errno.ENOENT, source.Destroy());
        Assert.Equal([1], fixture.PinsOf(0, Length));
        rig.Unmap(copy, Length);
        Assert.Equal([0], fixture.PinsOf(0, Length));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_mock_domain_replace(int domains, string memory)
    {
        using Fixture fixture = new(domains, memory);
        IommufdRig rig = fixture.Rig;
        IommufdDevice device = rig.Devices[0];
        ulong iova = fixture.Map(0, Length);
        HardwarePageTable before = device.AttachedTo()!;

        // To an empty address space, to itself, to another device's table, and back.
        IoAddressSpace other = rig.NewIoas();
        Ok(device.Replace(other));
        Assert.NotSame(before, device.AttachedTo());
        Assert.True(before.IsDestroyed);
        Assert.False(((MockDevice)device.Hardware).Domain()!.TryReach(iova, false, out _));
        Assert.Equal(domains == 1 ? [0] : [1], fixture.PinsOf(0, Length));
        Ok(device.Replace(other));
        Is(Errno.ENOENT, device.Replace(before));
        Ok(device.Replace(rig.Ioas));
        fixture.Check(iova, 0, Length, ((MockDevice)device.Hardware).Domain()!);
        Assert.Equal([1], fixture.PinsOf(0, Length));

        // Where it cannot go it stays.
        IoAddressSpace unfit = rig.NewIoas();
        Ok(unfit.AllowIovas([new(new(0), new(MockDomain.Start))]));
        HardwarePageTable now = device.AttachedTo()!;
        Is(Errno.EADDRINUSE, device.Replace(unfit));
        Assert.Same(now, device.AttachedTo());
        fixture.Check(iova, 0, Length, ((MockDevice)device.Hardware).Domain()!);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_alloc_hwpt(int domains, string memory)
    {
        using Fixture fixture = new(domains, memory);
        IommufdRig rig = fixture.Rig;
        ulong iova = fixture.Map(0, Length);
        foreach (IommufdDevice device in rig.Devices.ToArray())
        {
            HardwarePageTable automatic = device.AttachedTo()!;
            Ok(rig.Context.CreatePageTable(device, rig.Ioas, IommuDomainRequest.Paging(), out PagingHardwarePageTable? table));

            // It follows the address space before any device is attached.
            fixture.Check(iova, 0, Length, (MockDomain)table!.Domain);
            Ok(device.Replace(table));
            Is(Errno.EBUSY, table.Destroy());
            Is(Errno.EBUSY, rig.Context.Destroy(table.Id));
            Assert.True(automatic.IsDestroyed);
            ulong later = fixture.Map(Length, PageBytes);
            fixture.Check(later, Length, PageBytes, (MockDomain)table.Domain);
            device.Detach();
            Is(Errno.EBUSY, rig.Ioas.Destroy());
            Ok(table.Destroy());
            Is(Errno.ENOENT, table.Destroy());
            Ok(device.Attach(rig.Ioas));
        }

        Assert.Equal([1], fixture.PinsOf(0, Length));
    }

    [Fact]
    public void R71_LargePagesAreUsedWhereAllIsAligned_AndNotWhereTheyAreForbidden()
    {
        using IommufdRig rig = new(1, 4 << 20, huge: true);
        ulong iova = rig.Map(Buffer, 4 << 20);
        Assert.Equal(0UL, iova & (MockDomain.Huge - 1));
        Assert.Equal((4, 4), (rig.Domain().HugeLeafCount, rig.Domain().LeafCount));
        rig.Unmap(iova, 4 << 20);
        Assert.Equal(1, rig.Domain().Flushes);
        Ok(rig.Context.SetOption(IommufdOption.HugePages, rig.Ioas.Id, 0));
        rig.Map(Buffer, 4 << 20);
        Assert.Equal((0, 2048), (rig.Domain().HugeLeafCount, rig.Domain().LeafCount));
    }

    private sealed class Fixture : IDisposable
    {
        private readonly ulong _skew;

        public Fixture(int domains, string memory)
        {
            bool huge = memory.EndsWith("hugepage", StringComparison.Ordinal);
            Rig = new(domains, memory.StartsWith("file", StringComparison.Ordinal) ? 0 : 4UL << 20, huge: huge);
            if (memory.StartsWith("file", StringComparison.Ordinal))
            {
                File = new(Rig.Ram, 4 << 20, huge);
                _skew = 1 << 20;
            }

            Domains = [.. Enumerable.Range(0, domains).Select(Rig.Domain)];
        }

        public IommufdRig Rig { get; }

        public FakeFile? File { get; }

        public MockDomain[] Domains { get; }

        public ulong Map(ulong offset, ulong length, IoAddressSpace? ioas = null)
        {
            if (File is null)
            {
                return Rig.Map(Buffer + offset, length, ioas);
            }

            DmaAddress iova = default;
            Ok((ioas ?? Rig.Ioas).MapFile(File, _skew + offset, length, ref iova, ReadWrite));
            return iova.Value;
        }

        public void Check(ulong iova, ulong offset, ulong length, params MockDomain[] domains)
        {
            foreach (MockDomain domain in domains.Length == 0 ? Domains : domains)
            {
                for (ulong at = 0; at < length; at += MockDomain.Page)
                {
                    FakeFrame frame = File is null ? Rig.Process.FrameAt(Buffer + offset + at) : File.Frames[(_skew + offset + at) >> 12];
                    Assert.True(domain.TryReach(iova + at, isWrite: false, out ulong physical));
                    Assert.Equal((frame.Number << 12) + ((offset + at) & 4095), physical);
                }
            }
        }

        public int[] PinsOf(ulong offset, ulong length)
        {
            if (File is null)
            {
                return Rig.Process.PinsOf(Buffer + offset, length);
            }

            HashSet<int> pins = [];
            for (ulong page = (_skew + offset) >> 12; page <= (_skew + offset + length - 1) >> 12; page++)
            {
                pins.Add(File.Frames[page].Pins);
            }

            return [.. pins.Order()];
        }

        public void Dispose()
        {
            Rig.Dispose();
            if (File is not null)
            {
                Assert.Equal(1, File.References);
                File.ReleaseReference();
            }

            Assert.Equal(0, Rig.Ram.Live);
        }
    }
}
