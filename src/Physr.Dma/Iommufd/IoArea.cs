// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Iommufd;

/// <summary>One mapping of an address space: a run of IO virtual addresses and the bytes of shared pages behind it (<c>struct iopt_area</c>).</summary>
/// <remarks><see cref="Pages"/> and <see cref="PreventsAccess"/> are guarded by the address space's lock of its mappings; <see cref="Domains"/> and <see cref="FilledNode"/> by the
/// pages' lock; <see cref="AccessCount"/> and <see cref="LockCount"/> change under both, the first shared, so that who holds that alone may read them.</remarks>
internal sealed class IoArea
{
    /// <summary>Makes one that nobody sees yet.</summary>
    /// <param name="first">The first IO virtual address.</param>
    /// <param name="last">The last.</param>
    /// <param name="byteOffset">Where it starts in its pages, in bytes.</param>
    /// <param name="access">What devices may do.</param>
    public IoArea(ulong first, ulong last, ulong byteOffset, IommuAccess access)
    {
        First = first;
        Last = last;
        ByteOffset = byteOffset;
        Access = access;
    }

    /// <summary>The first IO virtual address.</summary>
    public ulong First { get; }

    /// <summary>The last IO virtual address.</summary>
    public ulong Last { get; }

    /// <summary>Bytes less one; the bytes themselves may be 2^64.</summary>
    public ulong LengthLessOne => Last - First;

    /// <summary>Where it starts in its pages, in bytes.</summary>
    public ulong ByteOffset { get; }

    /// <summary>What devices may do.</summary>
    public IommuAccess Access { get; }

    /// <summary>What is mapped; null while it is being mapped or unmapped.</summary>
    public IoPages? Pages { get; set; }

    /// <summary>Where the address space keeps it.</summary>
    public IntervalNode<IoArea>? Node { get; set; }

    /// <summary>The domains it is mapped in; the first is where its frames are read back from (the kernel's storage domain).</summary>
    public List<IIommuDomain> Domains { get; } = [];

    /// <summary>Where the pages keep it while it is mapped in a domain.</summary>
    public IntervalNode<IoArea>? FilledNode { get; set; }

    /// <summary>Pins that accesses hold through it.</summary>
    public int AccessCount { get; set; }

    /// <summary>Hardware that works on it and cannot be told to stop: it may not be unmapped.</summary>
    public int LockCount { get; set; }

    /// <summary>Whether it is being unmapped and takes no new pin.</summary>
    public bool PreventsAccess { get; set; }

    /// <summary>The first of its pages.</summary>
    public ulong FirstIndex => ByteOffset >> PageSize.Shift4K;

    /// <summary>The last of its pages.</summary>
    public ulong LastIndex => (ByteOffset + LengthLessOne) >> PageSize.Shift4K;

    /// <summary>Which page the byte at an IO virtual address is in.</summary>
    public ulong IndexOf(ulong iova) => (ByteOffset + (iova - First)) >> PageSize.Shift4K;

    /// <summary>The first IO virtual address of a page, as far as the page is mapped.</summary>
    public ulong IovaOf(ulong index) => index == FirstIndex ? First : First + ((index << PageSize.Shift4K) - ByteOffset);

    /// <summary>The last IO virtual address of a page, as far as the page is mapped.</summary>
    public ulong LastIovaOf(ulong index) => index == LastIndex ? Last : IovaOf(index + 1) - 1;

    /// <summary>How far into a page its mapping starts, in bytes: not zero only for the first.</summary>
    public ulong OffsetInPage(ulong index) => index == FirstIndex ? ByteOffset & (PageSize.Size4K - 1) : 0;
}
