// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using System.Runtime.InteropServices;
using Physr.Memory;

namespace Physr.Storage.Pmem;

/// <summary>Where the parts of a namespace with page descriptors lie, and what they cost: the arithmetic behind <c>ndctl create-namespace</c> and rows R8, R9.</summary>
/// <remarks><para>With S the size in bytes and A the larger of the alignment and the 2 MiB sub-section:</para>
/// <code>
/// end trim    T = S mod A                                    (the tail that fills no unit)
/// data offset D = up(8 KiB, A)                               map=mem: the label's old place and the info block, then data
///             D = up(8 KiB + 64 x (S - 8 KiB) / 4 KiB, A)    map=dev: descriptors for all of it lie before the data
/// usable      U = S - T - D
/// descriptors   = 64 x (S - T) / 4 KiB                       plain, or in map=dev (never shared there, row R9b)
///               = 8 KiB x (S - T) / A                        devdax by 2 MiB or 1 GiB, map=mem
/// </code>
/// <para>So 1500 GiB in map=dev hold 24000 MiB of descriptors, 2 MiB of head, and 1476.56 GiB of data (section 3, number 5). The pagemap covers S - T: the head's own pages have descriptors too.</para></remarks>
/// <param name="Size">The namespace, in bytes.</param>
/// <param name="Align">The alignment of the data, in bytes.</param>
/// <param name="Map">Where descriptors lie.</param>
/// <param name="StartPad">Bytes before the described part; 0 for namespaces made here.</param>
/// <param name="EndTrunc">Bytes after it.</param>
/// <param name="DataOffset">Where data begins, from the start of the described part.</param>
/// <param name="MetadataOrder">log2 of the 4 KiB pages in one unit of the pagemap.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PfnLayout(ulong Size, ulong Align, MapLocation Map, ulong StartPad, ulong EndTrunc, ulong DataOffset, int MetadataOrder)
{
    /// <summary>Bytes at the start that hold no data: 4 KiB that old labels used, 4 KiB of info block.</summary>
    public const ulong HeadBytes = 8UL << 10;

    /// <summary>Descriptors of one 2 MiB sub-section: what an altmap hands out at a time, aligned to itself.</summary>
    internal const ulong DescriptorGranuleBytes = 32UL << 10;

    /// <summary>Bytes that get page descriptors.</summary>
    public ulong MappedBytes => Size - StartPad - EndTrunc;

    /// <summary>Bytes of data.</summary>
    public ulong UsableBytes => MappedBytes - DataOffset;

    /// <summary>Bytes of page descriptors, wherever they lie.</summary>
    public ulong DescriptorBytes => new DescriptorLayout(MetadataOrder, Map == MapLocation.Device).BytesFor(MappedBytes);

    /// <summary>Bytes that are neither data nor descriptors: head, rounding of the data offset, trimmed ends.</summary>
    public ulong WasteBytes => Size - UsableBytes - (Map == MapLocation.Device ? DescriptorBytes : 0);

    /// <summary>Pages of the device that are set aside for descriptors (<see cref="Altmap.Free"/>).</summary>
    public ulong AltmapFreePages => (DataOffset - HeadBytes) >> PageSize.Shift4K;

    /// <summary>Whether an alignment is one of the three: 4 KiB, 2 MiB, 1 GiB.</summary>
    public static bool IsAlignment(ulong align) => align is PageSize.Size4K or PageSize.Size2M or PageSize.Size1G;

    /// <summary>The pagemap's unit for a mode: a page for file systems, the alignment for devdax (the kernel's <c>vmemmap_shift</c>, row R9).</summary>
    public static int OrderOf(NamespaceMode mode, ulong align) => mode == NamespaceMode.DevDax ? BitOperations.Log2(align) - PageSize.Shift4K : 0;

    /// <summary>Lays out a namespace.</summary>
    /// <param name="mode"><see cref="NamespaceMode.FsDax"/> or <see cref="NamespaceMode.DevDax"/>.</param>
    /// <param name="size">Bytes; a multiple of 2 MiB.</param>
    /// <param name="align">4 KiB, 2 MiB or 1 GiB; the start of the namespace is a multiple of it, and of 2 MiB.</param>
    /// <param name="map">Where descriptors lie.</param>
    /// <param name="layout">The layout; default on failure.</param>
    /// <param name="reason">What is wrong and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/>; <see cref="Errno.ENOSPC"/> where nothing would be left for data.</returns>
    public static Errno TryCompute(NamespaceMode mode, ulong size, ulong align, MapLocation map, out PfnLayout layout, out string reason)
    {
        layout = default;
        reason = true switch
        {
            _ when mode is not (NamespaceMode.FsDax or NamespaceMode.DevDax) => $"{mode} has no page descriptors to place",
            _ when map is not (MapLocation.Ram or MapLocation.Device) => $"descriptors lie in RAM or on the device, not in {map}",
            _ when !IsAlignment(align) => $"{align} bytes are no alignment: 4 KiB, 2 MiB and 1 GiB are",
            _ when size == 0 || !Alignment.IsAligned(size, PageSize.Size2M) => $"{size} bytes are no multiple of 2 MiB, by which page descriptors come: {Alignment.Down(size, PageSize.Size2M)} would be",
            _ => "",
        };
        if (reason.Length != 0)
        {
            return Errno.EINVAL;
        }

        ulong unit = Math.Max(align, PageSize.Size2M);
        ulong head = HeadBytes + (map == MapLocation.Device ? ((size - HeadBytes) >> PageSize.Shift4K) * PageDescriptor.SizeBytes : 0);
        PfnLayout made = new(size, align, map, 0, size & (unit - 1), Alignment.Up(head, unit), OrderOf(mode, align));
        if (made.EndTrunc + made.DataOffset >= size)
        {
            reason = $"{size} bytes hold {made.DataOffset} of head and descriptors in units of {unit}, and nothing else: {made.DataOffset + unit} or more would be right";
            return Errno.ENOSPC;
        }

        layout = made;
        return Errno.None;
    }
}
