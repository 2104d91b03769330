// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using static Physr.Dma.Tests.Iommufd.IommufdRig;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>Which pages devices wrote (the suite's fixture <c>iommufd_dirty_tracking</c>, row R77).</summary>
public sealed class DirtyTests
{
    private const ulong Buffer = IommufdRig.Buffer;

    /// <summary>Sizes of the memory, and whether it is of huge pages: bitmaps of less than a word up to more than a page of them.</summary>
    public static TheoryData<string> Sizes => ["8k", "16k", "64k", "128k", "320k", "64M", "64M_huge", "128M", "128M_huge"];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void R77_enforce_dirty(string size)
    {
        using Fixture fixture = new(size);
        Ok(fixture.Create(out PagingHardwarePageTable? table));
        Ok(fixture.Device.Replace(table!));

        // A device that cannot track is kept out.
        IommufdDevice blind = fixture.Rig.Bind(new MockDevice("blind") { Capabilities = IommuCapabilities.CacheCoherency });
        Is(Errno.EINVAL, blind.Attach(table!));
        Is(Errno.EOPNOTSUPP, fixture.Rig.Context.CreatePageTable(blind, fixture.Rig.Ioas, IommuDomainRequest.Paging(IommuDomainFlags.DirtyTracking), out _));
        Is(Errno.EBUSY, table!.Destroy());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void R77_set_dirty_tracking(string size)
    {
        using Fixture fixture = new(size);
        Ok(fixture.Create(out PagingHardwarePageTable? table));
        Ok(table!.SetDirtyTracking(true));
        Ok(table.SetDirtyTracking(false));
        Ok(fixture.Rig.Context.CreatePageTable(fixture.Blind, fixture.Rig.Ioas, IommuDomainRequest.Paging(), out PagingHardwarePageTable? blind));
        Is(Errno.EOPNOTSUPP, blind!.SetDirtyTracking(true));
        Is(Errno.EOPNOTSUPP, blind.GetDirtyBitmap(new(MockDomain.Start), MockDomain.Page, MockDomain.Page, true, new byte[1]));
        Ok(table.Destroy());
        Is(Errno.ENOENT, table.SetDirtyTracking(true));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void R77_pasid_set_dirty_tracking(string size)
    {
        using Fixture fixture = new(size);
        IommufdRig rig = fixture.Rig;
        Ok(rig.Context.CreatePageTable(fixture.Device, rig.Ioas, IommuDomainRequest.Paging(IommuDomainFlags.DirtyTracking | IommuDomainFlags.Pasid), out PagingHardwarePageTable? table));
        fixture.Device.Detach();
        Ok(fixture.Device.Attach(table!, 1));
        Ok(table!.SetDirtyTracking(true));
        Assert.True(((MockDevice)fixture.Device.Hardware).Domain(1)!.TryReach(fixture.Iova, isWrite: true, out _));
        byte[] bitmap = new byte[8];
        Ok(table.GetDirtyBitmap(new(fixture.Iova), 2 * MockDomain.Page, MockDomain.Page, true, bitmap));
        Assert.Equal(1, bitmap[0] & 3 & (fixture.IsHuge ? 1 : 3));
        fixture.Device.Detach(1);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void R77_device_dirty_capability(string size)
    {
        using Fixture fixture = new(size);
        Assert.True(fixture.Device.Hardware.Capabilities.HasFlag(IommuCapabilities.DirtyTracking));
        Assert.False(fixture.Blind.Hardware.Capabilities.HasFlag(IommuCapabilities.DirtyTracking));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void R77a_get_dirty_bitmap(string size) => Run(size, clear: true);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void R77a_get_dirty_bitmap_no_clear(string size) => Run(size, clear: false);

    [Fact]
    public void R77_BadRangesAreRefused()
    {
        using Fixture fixture = new("64k");
        Ok(fixture.Create(out PagingHardwarePageTable? table));
        byte[] bitmap = new byte[4];
        Is(Errno.EINVAL, table!.GetDirtyBitmap(new(fixture.Iova), 0, MockDomain.Page, true, bitmap));
        Is(Errno.EINVAL, table.GetDirtyBitmap(new(fixture.Iova), MockDomain.Page, 0, true, bitmap));
        Is(Errno.EINVAL, table.GetDirtyBitmap(new(fixture.Iova), 3 * MockDomain.Page, 3 * MockDomain.Page, true, bitmap));
        Is(Errno.EINVAL, table.GetDirtyBitmap(new(fixture.Iova), MockDomain.Page, MockDomain.Page / 2, true, bitmap));
        Is(Errno.EINVAL, table.GetDirtyBitmap(new(fixture.Iova + 1024), MockDomain.Page, MockDomain.Page, true, bitmap));
        Is(Errno.EINVAL, table.GetDirtyBitmap(new(fixture.Iova), 64 << 10, MockDomain.Page, true, bitmap.AsSpan(0, 3)));
        Is(Errno.EINVAL, table.GetDirtyBitmap(new(fixture.Iova + (60 << 10)), 8 << 10, MockDomain.Page, true, bitmap));
        Is(Errno.EINVAL, table.GetDirtyBitmap(new(fixture.Iova), 1UL << 62, MockDomain.Page, true, bitmap));
        Is(Errno.EOVERFLOW, table.GetDirtyBitmap(new(fixture.Iova), ulong.MaxValue - (MockDomain.Page - 1), MockDomain.Page, true, bitmap));
        Ok(table.GetDirtyBitmap(new(fixture.Iova), 64 << 10, MockDomain.Page, true, bitmap));
        Ok(table.GetDirtyBitmap(new(fixture.Iova), 64 << 10, 64 << 10, true, bitmap));
    }

    private static void Run(string size, bool clear)
    {
        using Fixture fixture = new(size);
        Ok(fixture.Create(out PagingHardwarePageTable? table));
        Ok(fixture.Device.Replace(table!));
        MockDomain domain = (MockDomain)table!.Domain;
        Assert.True(domain.TryReach(fixture.Iova, isWrite: true, out _));
        Ok(table.SetDirtyTracking(true));

        // The bitmap on a page, off it, and off every word; pages as the domain has them, and larger.
        foreach ((ulong pageSize, int skew) in ((ulong, int)[])[(MockDomain.Page, 0), (MockDomain.Page, 8), (MockDomain.Page, 1), (PageBytes, 0), (MockDomain.Page * 4, 3)])
        {
            int pages = (int)(fixture.Length / pageSize);
            byte[] memory = new byte[(pages / 8) + 16];
            Span<byte> bitmap = memory.AsSpan(skew, (pages + 7) / 8);
            HashSet<int> expected = [];
            ulong leaf = fixture.IsHuge ? MockDomain.Huge : MockDomain.Page;
            for (ulong at = 0; at < fixture.Length; at += 7 * MockDomain.Page)
            {
                Assert.True(domain.TryReach(fixture.Iova + at, isWrite: true, out _));
                for (ulong page = at & ~(leaf - 1); page < Math.Min(fixture.Length, (at & ~(leaf - 1)) + leaf); page += Math.Min(leaf, pageSize))
                {
                    expected.Add((int)(page / pageSize));
                }
            }

            Ok(table.GetDirtyBitmap(new(fixture.Iova), fixture.Length, pageSize, clear, bitmap));
            CheckBits(expected, bitmap, pages);
            bitmap.Clear();
            Ok(table.GetDirtyBitmap(new(fixture.Iova), fixture.Length, pageSize, clear: true, bitmap));
            CheckBits(clear ? [] : expected, bitmap, pages);

            // A clean page leaves its bit as it is; what is around the bitmap stays.
            bitmap.Fill(0xff);
            Ok(table.GetDirtyBitmap(new(fixture.Iova), fixture.Length, pageSize, clear, bitmap));
            Assert.Equal(-1, bitmap.IndexOfAnyExcept((byte)0xff));
            Assert.Equal(-1, memory.AsSpan(0, skew).IndexOfAnyExcept((byte)0));
            Assert.Equal(-1, memory.AsSpan(skew + bitmap.Length).IndexOfAnyExcept((byte)0));
        }

        Assert.Equal(0, domain.StaleCount);
    }

    private static void CheckBits(HashSet<int> expected, ReadOnlySpan<byte> bitmap, int pages)
    {
        for (int page = 0; page < pages; page++)
        {
            if (expected.Contains(page) != ((bitmap[page / 8] >> (page % 8) & 1) != 0))
            {
                Assert.Fail($"page {page} of {pages}: dirty {expected.Contains(page)}");
            }
        }
    }

    private sealed class Fixture : IDisposable
    {
        public Fixture(string size)
        {
            string number = size.Split('_')[0];
            Length = ulong.Parse(number[..^1]) << (number[^1] == 'M' ? 20 : 10);
            IsHuge = size.EndsWith("_huge", StringComparison.Ordinal);
            Rig = new(0, Length, huge: IsHuge);
            Device = Rig.Attach(new MockDevice { UsesHuge = IsHuge }, Rig.Ioas);
            Blind = Rig.Bind(new MockDevice("blind") { Capabilities = IommuCapabilities.None });
            Iova = MockDomain.Start;
            Rig.MapFixed(Buffer, Length, Iova);
        }

        public IommufdRig Rig { get; }

        public ulong Length { get; }

        public bool IsHuge { get; }

        public ulong Iova { get; }

        public IommufdDevice Device { get; }

        public IommufdDevice Blind { get; }

        public Errno Create(out PagingHardwarePageTable? table) => Rig.Context.CreatePageTable(Device, Rig.Ioas, IommuDomainRequest.Paging(IommuDomainFlags.DirtyTracking), out table);

        public void Dispose() => Rig.Dispose();
    }
}
