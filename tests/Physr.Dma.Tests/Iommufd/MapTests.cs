// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;
using static Physr.Dma.Tests.Iommufd.IommufdRig;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>Mapping, unmapping, finding and allowing addresses (the suite's fixture <c>iommufd_ioas</c>).</summary>
public sealed class MapTests
{
    private const ulong Buffer = IommufdRig.Buffer;

    public static TheoryData<string> Variants => IommufdRig.Variants;

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_area(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);

        // Nothing is mapped, but for asking for everything.
        Is(Errno.ENOENT, rig.TryUnmap(rig.Base, PageBytes));
        Assert.Equal(0UL, rig.Unmap(0, ulong.MaxValue));
        for (ulong i = 0; i < 10; i++)
        {
            rig.MapFixed(Buffer, PageBytes, rig.Base + (i * PageBytes));
        }

        for (ulong i = 0; i < 10; i++)
        {
            Is(Errno.ENOENT, rig.TryUnmap(rig.Base + (i * PageBytes) + 2048, PageBytes));
            Is(Errno.ENOENT, rig.TryUnmap(rig.Base + (i * PageBytes), 2048));
        }

        for (ulong i = 0; i < 10; i++)
        {
            Assert.Equal(PageBytes, rig.Unmap(rig.Base + (i * PageBytes), PageBytes));
        }

        // Every way to overlap.
        rig.MapFixed(Buffer, 8 * PageBytes, rig.Base + (8 * PageBytes));
        Is(Errno.EEXIST, rig.TryMapFixed(Buffer, 8 * PageBytes, rig.Base + (8 * PageBytes)));
        Is(Errno.EEXIST, rig.TryMapFixed(Buffer, 2 * PageBytes, rig.Base + (7 * PageBytes)));
        Is(Errno.EEXIST, rig.TryMapFixed(Buffer, 2 * PageBytes, rig.Base + (15 * PageBytes)));
        Is(Errno.EEXIST, rig.TryMapFixed(Buffer, 2 * PageBytes, rig.Base + (10 * PageBytes)));
        Is(Errno.EEXIST, rig.TryMapFixed(Buffer, 16 * PageBytes, rig.Base + (4 * PageBytes)));
        rig.MapFixed(Buffer, PageBytes, rig.Base + (7 * PageBytes));
        rig.MapFixed(Buffer, PageBytes, rig.Base + (16 * PageBytes));

        Assert.Equal(10 * PageBytes, rig.Unmap(0, ulong.MaxValue));
        Assert.Equal(0UL, rig.Unmap(0, ulong.MaxValue));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_unmap_fully_contained_areas(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        for (ulong i = 0; i < 4; i++)
        {
            rig.MapFixed(Buffer, 8 * PageBytes, rig.Base + (i * 16 * PageBytes));
        }

        // A range that cuts the first or the last unmaps nothing.
        Is(Errno.ENOENT, rig.TryUnmap(rig.Base + PageBytes, 64 * PageBytes));
        Is(Errno.ENOENT, rig.TryUnmap(rig.Base, 55 * PageBytes));
        Assert.Equal(4, rig.Ioas.AreaCount);
        Assert.Equal(32 * PageBytes, rig.Unmap(rig.Base, 64 * PageBytes));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R72_area_auto_iova(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        IovaRange[] allowed = [new(new(PageBytes * 4), new((PageBytes * 100) - 1)), new(new(1UL << 30), new((1UL << 30) + (100 * PageBytes) - 1))];
        for (ulong i = 1; i <= 10; i++)
        {
            ulong iova = rig.Map(Buffer, i * PageBytes);
            Assert.Equal(0UL, iova % ((i * PageBytes) & (0 - (i * PageBytes))));
            Assert.True(iova >= Math.Max(rig.Base, PageBytes));
        }

        Assert.Equal(55 * PageBytes, rig.Unmap(0, ulong.MaxValue));

        // What a device reserves is avoided.
        DmaRange reserved = new(new(rig.Base + PageBytes), 99 * PageBytes);
        IommufdDevice device = rig.Attach(new MockDevice("reserver") { ReservedRanges = [reserved] }, rig.Ioas);
        for (ulong i = 1; i <= 10; i++)
        {
            ulong iova = rig.Map(Buffer, i * PageBytes);
            Assert.False(new DmaRange(new(iova), i * PageBytes).Overlaps(reserved));
            Assert.True(iova >= MockDomain.Start);
        }

        rig.Unmap(0, ulong.MaxValue);
        device.Detach();

        // Only what is allowed is given out; a fixed address may be anywhere that is not reserved.
        Is(rig.HasDomain ? Errno.EADDRINUSE : Errno.None, rig.Ioas.AllowIovas(allowed));
        Ok(rig.Ioas.AllowIovas(allowed.AsSpan(1)));
        for (ulong i = 1; i <= 10; i++)
        {
            ulong iova = rig.Map(Buffer, i * PageBytes);
            Assert.InRange(iova, allowed[1].Start.Value, allowed[1].Last.Value - (i * PageBytes) + 1);
        }

        Is(Errno.ENOSPC, rig.TryMap(Buffer, 100 * PageBytes));
        rig.MapFixed(Buffer, PageBytes, rig.Base + (1000 * PageBytes));
        Ok(rig.Ioas.AllowIovas([]));
        rig.Map(Buffer, 100 * PageBytes);
    }

    [Fact]
    public void R72a_AlignmentIsTheLeastOfLengthAddressAndTwoMegabytes_AndTheOffsetInThePageIsKept()
    {
        using IommufdRig rig = new(0, 0);
        (ulong Address, ulong Length, ulong Alignment)[] cases =
        [
            (0x1000, 0x1000, 0x1000), (0x2000_0000, 0x3000, 0x4000), (0x2000_0000, 8 << 20, 2 << 20), (0x2001_0000, 8 << 20, 0x1_0000), (0x2000_0800, 0x1000, 0x800), (0x1003, 5, 1), (0, 1 << 20, 1 << 20),
        ];
        rig.MapFixed(0x1000, 0x1800, 0x1000);
        foreach ((ulong address, ulong length, ulong alignment) in cases)
        {
            ulong iova = rig.Map(address, length);
            Assert.NotEqual(0UL, iova);
            Assert.Equal(0UL, iova & (alignment - 1) & ~4095UL);
            Assert.Equal(address & 4095, iova & 4095);

            // First fit: nothing lower would do.
            for (ulong lower = iova - Math.Max(alignment, 4096); lower >= 4096 && iova - lower < 1 << 16; lower -= Math.Max(alignment, 4096))
            {
                Is(Errno.EEXIST, rig.TryMapFixed(address, length, lower));
            }
        }
    }

    [Fact]
    public void R72d_LengthsNearTheEndOfTheSpaceOverflow()
    {
        using IommufdRig rig = new(0, 0);
        DmaAddress iova = default;
        Is(Errno.EOVERFLOW, rig.Ioas.Map(new(0), ulong.MaxValue / 2, ref iova, ReadWrite));
        Is(Errno.EINVAL, rig.Ioas.Map(new(Buffer), 0, ref iova, ReadWrite));
        Is(Errno.EOVERFLOW, rig.Ioas.Map(new(Buffer), ulong.MaxValue, ref iova, ReadWrite));
        Is(Errno.EOVERFLOW, rig.Ioas.Map(new(ulong.MaxValue - 5), 4096, ref iova, ReadWrite));
        Is(Errno.EOVERFLOW, rig.TryMapFixed(Buffer, 4096, ulong.MaxValue - 2048));
        Is(Errno.EOVERFLOW, rig.TryMapFixed(Buffer, 4096, ulong.MaxValue));
        Is(Errno.None, rig.TryMapFixed(Buffer, 4096, ulong.MaxValue - 4095));
        Is(Errno.EINVAL, rig.Ioas.Map(new(Buffer), 4096, ref iova, IoMapFlags.None));
        Is(Errno.EOPNOTSUPP, rig.Ioas.Map(new(Buffer), 4096, ref iova, ReadWrite | (IoMapFlags)8));
        Assert.Equal(4096UL, rig.Unmap(ulong.MaxValue - 4095, 4096));
    }

    [Fact]
    public void R72c_reserved_overflow()
    {
        // A device that reserves all but less than the length asked for: the search must end, not wrap.
        using IommufdRig rig = new(0, 0);
        rig.Attach(new MockDevice("reserver") { ReservedRanges = [DmaRange.FromBounds(new(MockDomain.Start + 6), new(1UL << 31))] }, rig.Ioas);
        Is(Errno.ENOSPC, rig.TryMap(Buffer, 0x5000));

        using IommufdRig top = new(0, 0);
        IovaRange[] ends = [new(new(0), new(0x4000)), new(new(ulong.MaxValue - 0x3000), new(ulong.MaxValue))];
        Ok(top.Ioas.AllowIovas(ends));
        Is(Errno.ENOSPC, top.TryMap(Buffer, 0x5000));
        Is(Errno.None, top.TryMap(Buffer, 0x2000));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_area_allowed(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        DmaRange range = new(new(MockDomain.Start + (10 * PageBytes)), PageBytes);
        MockDevice reserver = new("reserver") { ReservedRanges = [range] };

        // First reserved, then allowed.
        IommufdDevice device = rig.Attach(reserver, rig.Ioas);
        IovaRange[] allowed = [new(range.Start, new(range.Last.Value + PageBytes))];
        Is(Errno.EADDRINUSE, rig.Ioas.AllowIovas(allowed));
        device.Detach();
        Ok(rig.Ioas.AllowIovas(allowed));

        // First allowed, then to be reserved.
        Is(Errno.EADDRINUSE, device.Attach(rig.Ioas));
        Ok(rig.Ioas.AllowIovas([]));
        rig.MapFixed(Buffer, PageBytes, range.Start.Value);
        Is(Errno.EADDRINUSE, device.Attach(rig.Ioas));
        rig.Unmap(range.Start.Value, PageBytes);
        Ok(device.Attach(rig.Ioas));
        Is(Errno.EINVAL, rig.TryMapFixed(Buffer, PageBytes, range.Start.Value));

        Is(Errno.EINVAL, rig.Ioas.AllowIovas([new(new(MockDomain.Start), new(MockDomain.Start))]));
        Is(Errno.EINVAL, rig.Ioas.AllowIovas([new(new(MockDomain.Start), new(MockDomain.Start + 9)), new(new(MockDomain.Start + 9), new(MockDomain.Start + 20))]));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R73_copy_area(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        rig.MapFixed(Buffer, PageBytes, rig.Base);

        // In the same address space, and in another.
        rig.Copy(rig.Ioas, rig.Base, PageBytes, rig.Ioas, rig.Base + PageBytes);
        Assert.Equal(rig.Base + (2 * PageBytes), rig.Copy(rig.Ioas, rig.Base, PageBytes, rig.Ioas, rig.Base + (2 * PageBytes)));
        IoAddressSpace other = rig.NewIoas();
        rig.Copy(rig.Ioas, rig.Base, PageBytes, other, rig.Base);
        Assert.NotEqual(0UL, rig.Copy(rig.Ioas, rig.Base, PageBytes, other));
        if (rig.HasDomain)
        {
            Assert.Equal([1], rig.Process.PinsOf(Buffer, PageBytes));
        }

        // Read-only memory is not made writable by a copy.
        ulong readOnly = rig.Map(Buffer + PageBytes, PageBytes, flags: IoMapFlags.Readable);
        DmaAddress iova = default;
        Is(Errno.EPERM, other.Copy(rig.Ioas, new(readOnly), PageBytes, ref iova, ReadWrite));
        Ok(other.Copy(rig.Ioas, new(readOnly), PageBytes, ref iova, IoMapFlags.Readable));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_iova_ranges(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        IovaRange[] ranges = new IovaRange[4];
        Is(Errno.EMSGSIZE, rig.Ioas.GetIovaRanges([], out int count, out ulong alignment));
        Assert.Equal(1, count);
        Assert.Equal(rig.HasDomain ? 2048UL : 1, alignment);
        Ok(rig.Ioas.GetIovaRanges(ranges, out count, out _));
        Assert.Equal(1, count);
        Assert.Equal(rig.HasDomain ? new(new(MockDomain.Start), new(MockDomain.Last)) : IovaRange.Everything, ranges[0]);

        DmaRange hole = new(new(MockDomain.Start + PageBytes), PageBytes);
        rig.Attach(new MockDevice("reserver") { ReservedRanges = [hole] }, rig.Ioas);
        Ok(rig.Ioas.GetIovaRanges(ranges, out count, out _));
        Assert.Equal(2, count);
        Assert.Equal(new(new(MockDomain.Start), new(hole.Start.Value - 1)), ranges[0]);
        Assert.Equal(new(hole.End, new(MockDomain.Last)), ranges[1]);
        Is(Errno.EMSGSIZE, rig.Ioas.GetIovaRanges(ranges.AsSpan(0, 1), out count, out _));
        Assert.Equal(2, count);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_ioas_iova_alloc(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        for (ulong length = 1; length != PageBytes * 2; length += 13)
        {
            if (rig.HasDomain && length % MockDomain.Page != 0)
            {
                Is(Errno.EINVAL, rig.TryMap(Buffer, length));
            }
            else
            {
                Assert.Equal(length, rig.Unmap(rig.Map(Buffer, length), length));
            }

            length = length == 1 + (13 * 157) ? 2048 - 13 : length;
            if (length > (PageBytes * 2) - 13)
            {
                break;
            }
        }

        Assert.Equal(2048UL, rig.Unmap(rig.Map(Buffer, 2048), 2048));
    }

    [Fact]
    public void R71_ioas_align_change()
    {
        using IommufdRig rig = new();
        rig.MapFixed(Buffer, PageBytes, MockDomain.Start);
        Ok(rig.Context.SetOption(IommufdOption.HugePages, rig.Ioas.Id, 0));

        // What breaks the alignment is refused when it is mapped.
        Is(Errno.EINVAL, rig.TryMapFixed(Buffer + 2048, PageBytes, MockDomain.Start + PageBytes));
        Is(Errno.EINVAL, rig.TryMapFixed(Buffer, PageBytes, MockDomain.Start + 2048 + PageBytes));
        Is(Errno.EINVAL, rig.TryMapFixed(Buffer, 2048, MockDomain.Start + PageBytes));
        Ok(rig.Context.SetOption(IommufdOption.HugePages, rig.Ioas.Id, 1));

        // And where it is mapped already, the alignment cannot be raised: not by the option, not by an access, not by a page table.
        rig.MapFixed(Buffer + 1024, PageBytes, MockDomain.Start + PageBytes);
        Is(Errno.EADDRINUSE, rig.Context.SetOption(IommufdOption.HugePages, rig.Ioas.Id, 0));
        Ok(rig.Context.CreateAccess(new TestAccessUser(), out IommufdAccess? access));
        Is(Errno.EADDRINUSE, access!.Attach(rig.Ioas));
        IommufdDevice device = rig.Bind(new MockDevice());
        Is(Errno.EADDRINUSE, device.Attach(rig.Ioas));
        Ok(rig.Context.GetOption(IommufdOption.HugePages, rig.Ioas.Id, out ulong value));
        Assert.Equal(1UL, value);
        rig.Unmap(MockDomain.Start + PageBytes, PageBytes);
        Ok(access.Attach(rig.Ioas));
        Ok(device.Attach(rig.Ioas));
        Ok(rig.Ioas.GetIovaRanges(new IovaRange[1], out _, out ulong alignment));
        Assert.Equal(PageBytes, alignment);
        access.Detach();
        Ok(rig.Ioas.GetIovaRanges(new IovaRange[1], out _, out alignment));
        Assert.Equal(MockDomain.Page, alignment);
    }

    [Fact]
    public void R73b_copy_sweep()
    {
        using IommufdRig rig = new(0);
        const ulong Iova = 0x10_0000;
        const ulong Length = 8 * PageBytes;
        rig.MapFixed(Buffer, Length, Iova);
        IoAddressSpace target = rig.NewIoas();
        for (ulong start = Iova - PageBytes; start < Iova + (2 * Length); start += 511)
        {
            foreach (ulong length in (ulong[])[1, 511, 512, 4095, 4096, Length - 1, Length, Length + 1])
            {
                DmaAddress at = default;
                bool inside = start >= Iova && start + length <= Iova + Length;
                Is(inside ? Errno.None : Errno.ENOENT, target.Copy(rig.Ioas, new(start), length, ref at, ReadWrite));
                if (inside)
                {
                    Assert.Equal((Buffer + start - Iova) & 4095, at.Value & 4095);
                    Assert.Equal(length, rig.Unmap(at.Value, length, target));
                }
            }
        }
    }

    [Fact]
    public void R73_ACopyMaySpanMappings_AndKeepsEachOnesPages()
    {
        using IommufdRig rig = new(1);
        rig.MapFixed(Buffer + (8 * PageBytes), 2 * PageBytes, rig.Base);
        rig.MapFixed(Buffer, 2 * PageBytes, rig.Base + (2 * PageBytes));
        IoAddressSpace other = rig.NewIoas();
        rig.Attach(new MockDevice("other") { IsPicky = true }, other);
        ulong copy = rig.Copy(rig.Ioas, rig.Base + PageBytes, 2 * PageBytes, other);
        rig.CheckMapped(copy, Buffer + (9 * PageBytes), PageBytes, rig.Domain(1));
        rig.CheckMapped(copy + PageBytes, Buffer, PageBytes, rig.Domain(1));
        rig.Unmap(0, ulong.MaxValue);
        Assert.Equal([1], rig.Process.PinsOf(Buffer, PageBytes));
        Assert.Equal([0], rig.Process.PinsOf(Buffer + PageBytes, PageBytes));
        Assert.Equal([1], rig.Process.PinsOf(Buffer + (9 * PageBytes), PageBytes));

        // It is two mappings now; either may go alone.
        Assert.Equal(PageBytes, rig.Unmap(copy, PageBytes, other));
        Assert.Equal([0], rig.Process.PinsOf(Buffer + (9 * PageBytes), PageBytes));
        rig.CheckMapped(copy + PageBytes, Buffer, PageBytes, rig.Domain(1));
    }

    [Fact]
    public void R71_UnmapErrorsAreThoseOfTheDictionary()
    {
        using IommufdRig rig = new();
        Is(Errno.EINVAL, rig.TryUnmap(0x1000, 0));
        Is(Errno.EOVERFLOW, rig.TryUnmap(0x1000, ulong.MaxValue));
        Is(Errno.EOVERFLOW, rig.TryUnmap(ulong.MaxValue, 1));
        Is(Errno.EOVERFLOW, rig.TryUnmap(0x2000, ulong.MaxValue - 0x1000));
        Is(Errno.ENOENT, rig.TryUnmap(0x1000, ulong.MaxValue - 0x1000));
    }

    [Fact]
    public void R71_MappingsCutForVfioAreUnmappedInPieces()
    {
        using IommufdRig rig = new(1);
        rig.Unmap(0, ulong.MaxValue);
        Ok(rig.Context.SetOption(IommufdOption.HugePages, rig.Ioas.Id, 0));
        rig.MapFixed(Buffer, 8 * PageBytes, rig.Base);
        Ok(rig.Ioas.CutAt([new(rig.Base), new(rig.Base + (2 * PageBytes)), new(rig.Base + (5 * PageBytes)), new(rig.Base + (8 * PageBytes))]));
        Assert.Equal(3, rig.Ioas.AreaCount);
        Is(Errno.EINVAL, rig.Ioas.CutAt([new(rig.Base + 2048)]));
        Assert.Equal(3 * PageBytes, rig.Unmap(rig.Base + (2 * PageBytes), 3 * PageBytes));
        Assert.Equal([0], rig.Process.PinsOf(Buffer + (2 * PageBytes), 3 * PageBytes));
        Assert.Equal([1], rig.Process.PinsOf(Buffer, 2 * PageBytes));
        Assert.Equal([1], rig.Process.PinsOf(Buffer + (5 * PageBytes), 3 * PageBytes));
        rig.CheckMapped(rig.Base + (5 * PageBytes), Buffer + (5 * PageBytes), 3 * PageBytes, rig.Domain());

        // Large leaves cannot be cut.
        using IommufdRig large = new(1);
        large.MapFixed(Buffer, 8 * PageBytes, large.Base);
        Is(Errno.EINVAL, large.Ioas.CutAt([new(large.Base + PageBytes)]));
    }
}
