// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>What is known about one 4 KiB page (the kernel's <c>struct page</c>): 64 bytes, off the managed heap (section 3, number 1).</summary>
/// <remarks>Access goes through <see cref="DevicePage"/>. Reference count and flags change atomically; the rest belongs to who holds the page lock.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct PageDescriptor
{
    /// <summary>The size of one descriptor, in bytes.</summary>
    public const int SizeBytes = 64;

    [FieldOffset(0)]
    internal ulong FlagBits;

    [FieldOffset(8)]
    internal int ReferenceCount;

    /// <summary>How many of the references are pins: somebody reads or writes the bytes past the page tables (the kernel's <c>FOLL_PIN</c>). In one 64-bit word
    /// with the references, so that one atomic addition takes both.</summary>
    [FieldOffset(12)]
    internal int PinCount;

    [FieldOffset(8)]
    internal long ReferencesAndPins;

    /// <summary>What maps it: an address space or file number of the user's choosing; 0 is none.</summary>
    [FieldOffset(16)]
    public ulong Mapping;

    /// <summary>Where in the mapping, in pages.</summary>
    [FieldOffset(24)]
    public ulong Index;

    /// <summary>How many mappings alias it (file pages shared by several files).</summary>
    [FieldOffset(32)]
    public ulong Share;

    /// <summary>The driver's own word (the kernel's <c>zone_device_data</c>).</summary>
    [FieldOffset(40)]
    public ulong DriverData;

    /// <summary>For a page inside a larger one, how many pages the head lies below; 0 for a head or a single page.</summary>
    [FieldOffset(48)]
    internal uint HeadDistance;

    /// <summary>The number of the registration that made the descriptor.</summary>
    [FieldOffset(52)]
    internal uint PagemapId;

    /// <summary>log2 of the pages in the large page it heads.</summary>
    [FieldOffset(56)]
    internal byte OrderValue;

    /// <summary>Which memory group the page is charged to; 0 is none.</summary>
    [FieldOffset(57)]
    internal byte GroupId;

    /// <summary>For the head of a large page: how many page tables map all of it by one entry (the kernel's <c>_entire_mapcount</c>).</summary>
    [FieldOffset(58)]
    internal ushort EntireMapCount;

    /// <summary>How many page tables map the page by an entry of its own.</summary>
    [FieldOffset(60)]
    public int MapCount;
}
