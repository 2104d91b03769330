// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd.Vfio;

/// <content>What can be mapped.</content>
public sealed partial class VfioType1
{
    private const uint HasPageSizes = 1;
    private const uint HasCapabilities = 2;
    private const ushort IovaRangesId = 1;
    private const ushort DmaAvailableId = 3;

    private static readonly int s_infoSize = Unsafe.SizeOf<VfioType1Info>();
    private static readonly int s_rangesSize = Unsafe.SizeOf<VfioIovaRangesCapability>();
    private static readonly int s_rangeSize = Unsafe.SizeOf<VfioIovaRange>();
    private static readonly int s_availableSize = (Unsafe.SizeOf<VfioDmaAvailableCapability>() + 7) & ~7;

    /// <summary>Asks what can be mapped (<c>VFIO_IOMMU_GET_INFO</c>): page sizes, address ranges, and how many more mappings.</summary>
    /// <param name="room">Bytes the caller has. Below 16 nothing can be told.</param>
    /// <param name="info">What fits, never more than <paramref name="room"/>; its first word is how many bytes would hold all. Capabilities are there all or not at all, so that a chain
    /// never leads beyond what was written.</param>
    /// <returns><see cref="Errno.EINVAL"/> for too little room; <see cref="Errno.ENODEV"/>.</returns>
    public Errno GetInfo(uint room, out ReadOnlyMemory<byte> info)
    {
        const int LeastRoom = 16;
        info = default;
        if (room < LeastRoom)
        {
            return Errno.EINVAL;
        }

        if (_context.VfioAddressSpace is not { } ioas)
        {
            return Errno.ENODEV;
        }

        Errno errno = RangesOf(ioas, out IovaRange[] ranges, out ulong alignment);
        if (errno != Errno.None)
        {
            return errno;
        }

        int total = s_infoSize + s_rangesSize + (ranges.Length * s_rangeSize) + s_availableSize;
        bool fits = room >= (uint)total;
        byte[] bytes = new byte[fits ? total : s_infoSize];
        VfioType1Info head = new()
        {
            ArgumentSize = (uint)total,
            Flags = HasPageSizes | HasCapabilities,
            PageSizes = PageSizesOf(ioas, alignment),
            CapabilityOffset = fits ? (uint)s_infoSize : 0,
        };
        MemoryMarshal.Write(bytes, in head);
        if (fits)
        {
            WriteCapabilities(bytes, ranges, Available(ioas));
        }

        info = bytes.AsMemory(0, (int)Math.Min(room, (uint)bytes.Length));
        return Errno.None;
    }

    private static void WriteCapabilities(Span<byte> bytes, IovaRange[] ranges, uint available)
    {
        int at = s_infoSize;
        int next = at + s_rangesSize + (ranges.Length * s_rangeSize);
        VfioIovaRangesCapability head = new() { Header = new() { Id = IovaRangesId, Version = 1, Next = (uint)next }, Count = (uint)ranges.Length };
        MemoryMarshal.Write(bytes[at..], in head);
        at += s_rangesSize;
        foreach (IovaRange range in ranges)
        {
            VfioIovaRange told = new() { Start = range.Start.Value, Last = range.Last.Value };
            MemoryMarshal.Write(bytes[at..], in told);
            at += s_rangeSize;
        }

        VfioDmaAvailableCapability tail = new() { Header = new() { Id = DmaAvailableId, Version = 1 }, Available = available };
        MemoryMarshal.Write(bytes[next..], in tail);
    }

    private static Errno RangesOf(IoAddressSpace ioas, out IovaRange[] ranges, out ulong alignment)
    {
        // Another call may reserve between the question for the count and that for the ranges.
        int count = 4;
        while (true)
        {
            ranges = new IovaRange[count];
            Errno errno = ioas.GetIovaRanges(ranges, out count, out alignment);
            if (errno != Errno.EMSGSIZE)
            {
                Array.Resize(ref ranges, errno == Errno.None ? count : 0);
                return errno;
            }
        }
    }

    private uint Available(IoAddressSpace ioas) => _options.EntryLimit is { } limit ? limit - Math.Min(limit, (uint)ioas.AreaCount) : uint.MaxValue;

    /// <summary>The page sizes that every page table of the address space has; those below 4 KiB are told as 4 KiB, the least that a program can be asked to align to.</summary>
    private ulong PageSizesOf(IoAddressSpace ioas, ulong alignment)
    {
        ulong sizes = ulong.MaxValue;
        foreach (PagingHardwarePageTable table in _context.Snapshot<PagingHardwarePageTable>())
        {
            sizes &= ReferenceEquals(table.Ioas, ioas) ? table.Domain.PageSizes : ulong.MaxValue;
        }

        const ulong Small = PageSize.Size4K - 1;
        sizes = (sizes & Small) != 0 ? (sizes & ~Small) | PageSize.Size4K : sizes;
        return sizes & ~(Math.Max(alignment, 1) - 1);
    }

    private bool IsCoherent(IoAddressSpace ioas) => _context.Snapshot<IommufdDevice>()
        .FindAll(device => ReferenceEquals(device.AttachedTo()?.Paging.Ioas, ioas))
        .TrueForAll(static device => device.Hardware.Capabilities.HasFlag(IommuCapabilities.CacheCoherency));
}
