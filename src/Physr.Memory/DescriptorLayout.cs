// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Memory;

/// <summary>How many real page descriptors a run of pages has, and which one stands for which page (rows R8, R9; section 3, numbers 1 to 3).</summary>
/// <remarks>Plain: one each, in blocks of one 2 MiB sub-section (512 x 64 B = 32 KiB). Deduplicated: each unit of 2^order pages keeps two 4 KiB pages of
/// descriptors, 128 of them; the ones beyond are the second page's again, as the kernel maps the tail page over and over.</remarks>
public readonly record struct DescriptorLayout
{
    /// <summary>4 KiB pages of descriptors that each unit keeps (the kernel's <c>VMEMMAP_RESERVE_NR</c>).</summary>
    public const int KeptPagesPerUnit = 2;

    private const int SubsectionOrder = 9;
    private const int PerMetadataPage = (int)PageSize.Size4K / PageDescriptor.SizeBytes;

    /// <summary>Lays out the descriptors of units of 2^<paramref name="order"/> pages.</summary>
    /// <param name="order">log2 of the pages in a unit, 0 to <see cref="Pagemap.MaxMetadataOrder"/>.</param>
    /// <param name="hasAltmap">Whether descriptors lie on the device, where they are never deduplicated (row R9b).</param>
    /// <param name="descriptorBytes">The size of one descriptor; one that is no power of two is never deduplicated (row R9b).</param>
    public DescriptorLayout(int order, bool hasAltmap, int descriptorBytes = PageDescriptor.SizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, Pagemap.MaxMetadataOrder);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(descriptorBytes);
        ulong metadataPagesPerUnit = ((ulong)descriptorBytes << order) >> PageSize.Shift4K;
        Order = order;
        DescriptorSizeBytes = descriptorBytes;
        IsDeduplicated = !hasAltmap && BitOperations.IsPow2(descriptorBytes) && metadataPagesPerUnit > KeptPagesPerUnit;
    }

    /// <summary>log2 of the pages in a unit.</summary>
    public int Order { get; }

    /// <summary>The size of one descriptor, in bytes.</summary>
    public int DescriptorSizeBytes { get; }

    /// <summary>Whether most descriptors of a unit are one and the same.</summary>
    public bool IsDeduplicated { get; }

    /// <summary>Bytes of descriptors for <paramref name="sizeBytes"/> of memory, a multiple of 4 KiB and of the unit.</summary>
    public ulong BytesFor(ulong sizeBytes)
    {
        ulong pages = sizeBytes >> PageSize.Shift4K;
        return IsDeduplicated
            ? checked((pages >> Order) * KeptPagesPerUnit * PageSize.Size4K)
            : checked(pages * (ulong)DescriptorSizeBytes);
    }

    /// <summary>log2 of the pages that one block of descriptors serves.</summary>
    internal int BlockOrder => IsDeduplicated ? Order : SubsectionOrder;

    /// <summary>Descriptors in one block.</summary>
    internal int BlockDescriptors => IsDeduplicated ? KeptPagesPerUnit * PerMetadataPage : 1 << SubsectionOrder;

    /// <summary>The descriptor in its block that stands for a page, by the page's place in the block.</summary>
    internal int SlotOf(ulong pageInBlock) =>
        !IsDeduplicated || pageInBlock < KeptPagesPerUnit * PerMetadataPage
            ? (int)pageInBlock
            : PerMetadataPage + (int)(pageInBlock % PerMetadataPage);
}
