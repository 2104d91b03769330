// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.PageTables;
using static Physr.Dma.Tests.Iommufd.IommufdRig;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>I/O address spaces over real page tables and an IOMMU with a cache: leaf sizes, device accesses, dirty bits (the suites <c>vfio_dma_mapping_test</c> and
/// <c>vfio_dma_map_limit_test</c> where they concern the address space).</summary>
public sealed class TableBackedTests
{
    private static readonly RequesterId s_requester = new(0, 0x41, 0, 0);

    public static TheoryData<IoPageTableFormat> Formats => [IoPageTableFormat.AmdV1, IoPageTableFormat.VtdSecondStage, IoPageTableFormat.X86_64];

    public static TheoryData<IoPageTableFormat, ulong> Sizes
    {
        get
        {
            TheoryData<IoPageTableFormat, ulong> data = [];
            foreach (IoPageTableFormat format in (IoPageTableFormat[])[IoPageTableFormat.AmdV1, IoPageTableFormat.VtdSecondStage, IoPageTableFormat.X86_64])
            {
                data.Add(format, 1UL << 12);
                data.Add(format, 1UL << 21);
                data.Add(format, 1UL << 30);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void R71_dma_map_unmap(IoPageTableFormat format, ulong size)
    {
        IommuUnit unit = new("iommu0");
        RunMemory memory = new(size);
        using (IommufdContext context = new(memory))
        {
            (IoAddressSpace ioas, IommufdDevice device) = Attach(context, unit, format);
            DmaAddress iova = new(1UL << 32);
            Ok(ioas.Map(new(memory.Start), size, ref iova, ReadWrite | IoMapFlags.FixedIova));
            IommuDomain domain = (IommuDomain)device.AttachedTo()!.Domain;
            Assert.True(domain.TryTranslate(iova, out IommuTranslation found));

            // One leaf of just that size: the pages came as one range and went into the table as one.
            Assert.Equal(new DmaRange(iova, size), found.Leaf);
            Assert.Equal(memory.Physical, found.Address.Value);
            Assert.True(unit.TryAccess(s_requester, Pasid.None, iova.Add(size - 1), isWrite: true, out IommuTranslation reached, out _));
            Assert.Equal(memory.Physical + size - 1, reached.Address.Value);
            Assert.Equal(size >> 12, memory.Pinned.Pages);
            Ok(ioas.Unmap(iova, size, out ulong unmapped));
            Assert.Equal(size, unmapped);
            Assert.False(domain.TryTranslate(iova, out _));
            Assert.False(unit.TryAccess(s_requester, Pasid.None, iova, isWrite: false, out _, out _));
            Assert.Equal(0UL, memory.Pinned.Pages);
        }

        Assert.Equal(0, unit.Attachments);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R71_unmap_range(IoPageTableFormat format) => MapAtTheEnd(format, static (ioas, iova, length) =>
    {
        Ok(ioas.Unmap(new(iova), length, out ulong unmapped));
        Assert.Equal(length, unmapped);
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void R71_unmap_all(IoPageTableFormat format) => MapAtTheEnd(format, static (ioas, _, length) =>
    {
        Ok(ioas.Unmap(new(0), ulong.MaxValue, out ulong unmapped));
        Assert.Equal(length, unmapped);
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void R71_overflow(IoPageTableFormat format) => MapAtTheEnd(format, static (ioas, iova, length) =>
    {
        DmaAddress beyond = new(ulong.MaxValue - 4095);
        Is(Errno.EOVERFLOW, ioas.Map(new(RunMemory.Address), 2 * PageBytes, ref beyond, ReadWrite | IoMapFlags.FixedIova));
        Is(Errno.EOVERFLOW, ioas.Unmap(beyond, 2 * PageBytes, out _));
        Is(Errno.EOVERFLOW, ioas.Unmap(new(iova), ulong.MaxValue, out ulong unmapped));
        Assert.Equal(0UL, unmapped);
        Ok(ioas.Unmap(new(iova), length, out _));
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void R77_WritesOfADeviceAreFoundThroughTheTable_AndForgotten(IoPageTableFormat format)
    {
        IommuUnit unit = new("iommu0");
        RunMemory memory = new(64 * PageBytes);
        using IommufdContext context = new(memory);
        (IoAddressSpace ioas, IommufdDevice device) = Attach(context, unit, format, IommuDomainFlags.DirtyTracking);
        Ok(context.SetOption(IommufdOption.HugePages, ioas.Id, 0));
        PagingHardwarePageTable table = (PagingHardwarePageTable)device.AttachedTo()!;
        DmaAddress iova = default;
        Ok(ioas.Map(new(RunMemory.Address), 64 * PageBytes, ref iova, ReadWrite));
        Assert.True(unit.TryAccess(s_requester, Pasid.None, iova, isWrite: true, out _, out _));
        Ok(table.SetDirtyTracking(true));
        byte[] bitmap = new byte[8];
        for (int round = 0; round < 3; round++)
        {
            foreach (ulong page in (ulong[])[1, 31, 32, 63])
            {
                Assert.True(unit.TryAccess(s_requester, Pasid.None, iova.Add((page * PageBytes) + 9), isWrite: true, out _, out _));
            }

            bitmap.AsSpan().Clear();
            Ok(table.GetDirtyBitmap(iova, 64 * PageBytes, PageBytes, clear: round != 0, bitmap));
            Assert.Equal(0x8000_0001_8000_0002, BitConverter.ToUInt64(bitmap));
        }

        bitmap.AsSpan().Clear();
        Ok(table.GetDirtyBitmap(iova, 64 * PageBytes, PageBytes, clear: true, bitmap));
        Assert.Equal(0UL, BitConverter.ToUInt64(bitmap));
        device.Detach();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R71_ScatteredPagesAreFilledCopiedAndReadBack(IoPageTableFormat format)
    {
        FakeProcess process = new(new());
        process.Allocate(IommufdRig.Buffer, 64 * PageBytes);
        IommuUnit unit = new("iommu0");
        using (IommufdContext context = new(process, new() { BatchPages = 7 }))
        {
            (IoAddressSpace first, IommufdDevice _) = Attach(context, unit, format);
            (IoAddressSpace second, IommufdDevice other) = Attach(context, unit, format, requester: new(0, 0x42, 0, 0));
            DmaAddress iova = default;
            Ok(first.Map(new(IommufdRig.Buffer), 64 * PageBytes, ref iova, ReadWrite));
            DmaAddress copy = default;
            Ok(second.Copy(first, iova.Add(5 * PageBytes), 40 * PageBytes, ref copy, ReadWrite));
            Ok(first.Unmap(iova, 64 * PageBytes, out _));
            Assert.Equal(40UL, process.Pinned.Pages);
            for (ulong page = 0; page < 40; page++)
            {
                Assert.True(other.AttachedTo()!.Domain.TryTranslate(copy.Add(page * PageBytes), out IommuTranslation found));
                Assert.Equal(process.FrameAt(IommufdRig.Buffer + ((page + 5) * PageBytes)).Number << 12, found.Address.Value);
            }

            // The interrupt window is not given out, and not taken.
            DmaAddress window = IommuUnit.InterruptWindow.Start;
            Is(Errno.EINVAL, second.Map(new(IommufdRig.Buffer), PageBytes, ref window, ReadWrite | IoMapFlags.FixedIova));
        }

        Assert.Equal(0, unit.Attachments);
        Assert.Equal(0, process.Ram.Pins);
    }

    private static (IoAddressSpace Ioas, IommufdDevice Device) Attach(
        IommufdContext context, IommuUnit unit, IoPageTableFormat format, IommuDomainFlags flags = IommuDomainFlags.None, RequesterId? requester = null)
    {
        Ok(context.CreateAddressSpace(out IoAddressSpace? ioas));
        Ok(context.Bind(new IommuDevice(unit, requester ?? s_requester, format), out IommufdDevice? device));
        Ok(context.CreatePageTable(device!, ioas!, IommuDomainRequest.Paging(flags), out PagingHardwarePageTable? table));
        Ok(device!.Attach(table!));
        return (ioas!, device);
    }

    /// <summary>Maps at the end of what the IOMMU can translate, where sums of address and length are one from overflowing.</summary>
    private static void MapAtTheEnd(IoPageTableFormat format, Action<IoAddressSpace, ulong, ulong> then)
    {
        IommuUnit unit = new("iommu0");
        RunMemory memory = new(2 * PageBytes);
        using (IommufdContext context = new(memory))
        {
            (IoAddressSpace ioas, IommufdDevice device) = Attach(context, unit, format);
            IovaRange[] ranges = new IovaRange[8];
            Ok(ioas.GetIovaRanges(ranges, out int count, out _));
            ulong end = (ranges[count - 1].Last.Value & ~(PageBytes - 1)) + (ranges[count - 1].Last.Value == ulong.MaxValue ? 0 : PageBytes);
            end = ranges[count - 1].Last.Value == ulong.MaxValue ? end - PageBytes : end;
            DmaAddress iova = new(end - (2 * PageBytes));
            Ok(ioas.Map(new(RunMemory.Address), 2 * PageBytes, ref iova, ReadWrite | IoMapFlags.FixedIova));
            Assert.True(unit.TryAccess(s_requester, Pasid.None, iova.Add((2 * PageBytes) - 1), isWrite: true, out _, out _));
            then(ioas, iova.Value, 2 * PageBytes);
            Assert.False(unit.TryAccess(s_requester, Pasid.None, iova, isWrite: true, out _, out _));
            device.Detach();
        }

        Assert.Equal(0UL, memory.Pinned.Pages);
    }

    /// <summary>A process with one run of memory that is one run of frames too, however long.</summary>
    private sealed class RunMemory(ulong length) : IUserMemory
    {
        public const ulong Address = 1UL << 40;

        public ulong Start => Address;

        public ulong Physical => 1UL << 36;

        public string Name => "run";

        public bool IsExemptFromLimits => false;

        public MemoryLockAccount UserLocked { get; } = new();

        public MemoryLockAccount Locked { get; } = new();

        public MemoryLockAccount Pinned { get; } = new();

        public Errno TryPin(VirtualAddress address, ulong bytes, bool writable, List<PhysicalRange> frames)
        {
            if (address.Value < Address || address.Value - Address > length || bytes > length - (address.Value - Address))
            {
                return Errno.EFAULT;
            }

            frames.Add(new(new(Physical + (address.Value - Address)), bytes));
            return Errno.None;
        }

        public void Unpin(PhysicalRange frames, bool dirty) => Assert.InRange(frames.Start.Value, Physical, Physical + length);

        public Errno TryRead(VirtualAddress address, Span<byte> destination) => Errno.EFAULT;

        public Errno TryWrite(VirtualAddress address, ReadOnlySpan<byte> source) => Errno.EFAULT;
    }
}
