// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>What giving page descriptors to memory costs, exactly and without doing it (section 3, numbers 1 to 5).</summary>
/// <param name="MappedBytes">The memory described, in bytes.</param>
/// <param name="DescriptorCount">Real descriptors.</param>
/// <param name="RamBytes">Descriptor bytes taken from RAM.</param>
/// <param name="DeviceBytes">Descriptor bytes taken from the device itself (altmap).</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PagemapCost(ulong MappedBytes, ulong DescriptorCount, ulong RamBytes, ulong DeviceBytes)
{
    /// <summary>Bytes left for data: all of it but what descriptors take on the device.</summary>
    public ulong DataBytes => MappedBytes - DeviceBytes;

    /// <summary>The cost of a pagemap over <paramref name="sizeBytes"/>.</summary>
    /// <param name="type">The type; every type costs the same per page, and the unset one is refused.</param>
    /// <param name="sizeBytes">The memory, a multiple of 2 MiB and of the unit.</param>
    /// <param name="metadataOrder">log2 of the pages in a unit; above 7 deduplicates.</param>
    /// <param name="hasAltmap">Whether descriptors lie on the device.</param>
    /// <exception cref="ArgumentException">The type is none of the five, or the size is no such multiple.</exception>
    public static PagemapCost Of(MemoryType type, ulong sizeBytes, int metadataOrder = 0, bool hasAltmap = false)
    {
        if (!type.IsValid())
        {
            throw new ArgumentException($"Memory type {type} is none of the five.", nameof(type));
        }

        DescriptorLayout layout = new(metadataOrder, hasAltmap);
        ulong granule = Math.Max(PageSize.Size2M, PageSize.Size4K << metadataOrder);
        if (!Alignment.IsAligned(sizeBytes, granule))
        {
            throw new ArgumentException($"{sizeBytes} bytes are no multiple of {granule}.", nameof(sizeBytes));
        }

        ulong bytes = layout.BytesFor(sizeBytes);
        return new(sizeBytes, bytes / PageDescriptor.SizeBytes, hasAltmap ? 0 : bytes, hasAltmap ? bytes : 0);
    }

    /// <summary>What huge pages of the ordinary kind keep, with the kernel's HugeTLB optimisation (section 3, number 4): one 4 KiB page of descriptors each.</summary>
    /// <remarks>Besides, one page per zone and size is shared by all, which this leaves out.</remarks>
    /// <param name="sizeBytes">The memory, a multiple of the huge page.</param>
    /// <param name="hugePageBytes">The huge page: 2 MiB or 1 GiB.</param>
    public static ulong HugeTlbBytes(ulong sizeBytes, ulong hugePageBytes)
    {
        if (hugePageBytes is not (PageSize.Size2M or PageSize.Size1G) || !Alignment.IsAligned(sizeBytes, hugePageBytes))
        {
            throw new ArgumentException($"{sizeBytes} bytes are no multiple of a 2 MiB or 1 GiB page.", nameof(sizeBytes));
        }

        return sizeBytes / hugePageBytes * PageSize.Size4K;
    }

    /// <summary>What a provider costs in page descriptors, whatever its size: nothing (row R44b).</summary>
    public static PagemapCost OfProvider(ulong sizeBytes) => new(sizeBytes, 0, 0, 0);
}
