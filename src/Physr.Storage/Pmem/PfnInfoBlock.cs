// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Memory;

namespace Physr.Storage.Pmem;

/// <summary>The info block of a namespace with page descriptors: 4 KiB at 4 KiB, version 1.4 (the kernel's <c>struct nd_pfn_sb</c>).</summary>
public sealed record PfnInfoBlock
{
    /// <summary>Its size, in bytes.</summary>
    public const int SizeBytes = 4096;

    /// <summary>Where it lies, from the start of the namespace.</summary>
    public const ulong Offset = 4096;

    private const int ChecksumAt = 4088;

    /// <summary>What it is for: <see cref="NamespaceMode.FsDax"/> or <see cref="NamespaceMode.DevDax"/>.</summary>
    public required NamespaceMode Mode { get; init; }

    /// <summary>Its own identity.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>The namespace it was made for.</summary>
    public required Guid ParentUuid { get; init; }

    /// <summary>Where things lie.</summary>
    public required PfnLayout Layout { get; init; }

    /// <summary>Pages of data.</summary>
    public ulong DataPages { get; init; }

    private static ReadOnlySpan<byte> FsDaxSignature => "NVDIMM_PFN_INFO\0"u8;

    private static ReadOnlySpan<byte> DevDaxSignature => "NVDIMM_DAX_INFO\0"u8;

    /// <summary>Writes it, sealed.</summary>
    internal void Format(Span<byte> bytes)
    {
        bytes.Clear();
        (Mode == NamespaceMode.DevDax ? DevDaxSignature : FsDaxSignature).CopyTo(bytes);
        Uuid.TryWriteBytes(bytes[16..], bigEndian: true, out _);
        ParentUuid.TryWriteBytes(bytes[32..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[52..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[54..], 4);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[56..], Layout.DataOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[64..], DataPages);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[72..], (uint)Layout.Map);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[76..], (uint)Layout.StartPad);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[80..], (uint)Layout.EndTrunc);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[84..], (uint)Layout.Align);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[88..], (uint)PageSize.Size4K);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[92..], PageDescriptor.SizeBytes);
        Fletcher64.Seal(bytes[..SizeBytes], ChecksumAt);
    }

    /// <summary>Reads and judges the info block of a namespace. Nothing is stored.</summary>
    /// <param name="medium">The namespace's bytes.</param>
    /// <param name="start">Where they lie.</param>
    /// <param name="mode">The mode that the label states.</param>
    /// <param name="parent">The namespace's identity.</param>
    /// <param name="block">The info block; null on failure.</param>
    /// <param name="reason">What is wrong; empty on success.</param>
    /// <returns><see cref="Errno.EIO"/> where it is lost; <see cref="Errno.EUCLEAN"/> where it is damaged or not this namespace's; <see cref="Errno.EOPNOTSUPP"/> for a version, a page or
    /// a descriptor of another size.</returns>
    public static Errno TryRead(PersistentMemory medium, PhysicalAddress start, NamespaceMode mode, Guid parent, out PfnInfoBlock? block, out string reason)
    {
        ArgumentNullException.ThrowIfNull(medium);
        block = null;
        Span<byte> bytes = stackalloc byte[SizeBytes];
        Errno errno = medium.TryRead(Offset, bytes);
        if (errno != Errno.None)
        {
            reason = $"{medium.Name}: its info block at {Offset} cannot be read ({errno})";
            return errno;
        }

        errno = Parse(bytes, medium.Length, start, mode, parent, out block, out reason);
        reason = errno == Errno.None ? "" : $"{medium.Name}: its info block at {Offset}: {reason}";
        return errno;
    }

    private static Errno Parse(ReadOnlySpan<byte> bytes, ulong size, PhysicalAddress start, NamespaceMode mode, Guid parent, out PfnInfoBlock? block, out string reason)
    {
        block = null;
        if (!bytes.StartsWith(mode == NamespaceMode.DevDax ? DevDaxSignature : FsDaxSignature))
        {
            reason = $"it does not begin as one of {mode} does";
            return Errno.EUCLEAN;
        }

        if (!Fletcher64.IsSealed(bytes, ChecksumAt))
        {
            reason = "it does not have the checksum it states";
            return Errno.EUCLEAN;
        }

        Guid parentHere = new(bytes.Slice(32, 16), bigEndian: true);
        if (parentHere != parent)
        {
            reason = $"it belongs to namespace {parentHere}, not to {parent}";
            return Errno.EUCLEAN;
        }

        ushort major = BinaryPrimitives.ReadUInt16LittleEndian(bytes[52..]);
        ushort minor = BinaryPrimitives.ReadUInt16LittleEndian(bytes[54..]);
        uint pageSize = minor >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[88..]) : (uint)PageSize.Size4K;
        ushort descriptor = minor >= 4 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[92..]) : (ushort)PageDescriptor.SizeBytes;
        if (major != 1 || minor > 4 || pageSize != PageSize.Size4K || descriptor != PageDescriptor.SizeBytes)
        {
            reason = $"version {major}.{minor} with pages of {pageSize} and descriptors of {descriptor} bytes: 1.0 to 1.4 with {PageSize.Size4K} and {PageDescriptor.SizeBytes} are known";
            return Errno.EOPNOTSUPP;
        }

        ulong stated = minor >= 2 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[84..]) : 0;
        ulong align = stated == 0 ? PageSize.Size2M : stated;
        PfnLayout layout = new(
            size, align, (MapLocation)BinaryPrimitives.ReadUInt32LittleEndian(bytes[72..]),
            minor >= 1 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[76..]) : 0, minor >= 1 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[80..]) : 0,
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]), PfnLayout.IsAlignment(align) ? PfnLayout.OrderOf(mode, align) : 0);
        ulong pages = BinaryPrimitives.ReadUInt64LittleEndian(bytes[64..]);
        reason = Judge(layout, pages, start);
        block = reason.Length != 0 ? null : new() { Mode = mode, Uuid = new(bytes.Slice(16, 16), bigEndian: true), ParentUuid = parent, Layout = layout, DataPages = pages };
        return block is null ? Errno.EUCLEAN : Errno.None;
    }

    private static string Judge(PfnLayout layout, ulong pages, PhysicalAddress start)
    {
        if (!PfnLayout.IsAlignment(layout.Align) || layout.Map is not (MapLocation.Ram or MapLocation.Device))
        {
            return $"alignment {layout.Align} or map {(int)layout.Map} is none there is";
        }

        ulong unit = Math.Max(PageSize.Size2M, layout.Align);
        if (layout.StartPad + layout.EndTrunc >= layout.Size || layout.DataOffset >= layout.MappedBytes)
        {
            return $"pads of {layout.StartPad} and {layout.EndTrunc} and data from {layout.DataOffset} on do not fit in {layout.Size} bytes";
        }

        unit = layout.MetadataOrder == 0 ? PageSize.Size2M : unit;
        if (!start.Add(layout.StartPad).IsAligned(unit) || !Alignment.IsAligned(layout.MappedBytes, unit)
            || !Alignment.IsAligned(layout.DataOffset, PageSize.Size4K) || !start.Add(layout.StartPad + layout.DataOffset).IsAligned(layout.Align))
        {
            return $"from {start.Add(layout.StartPad)} on, {layout.MappedBytes} bytes with data from {layout.DataOffset} on are not aligned to {layout.Align}";
        }

        ulong needed = layout.Map == MapLocation.Device ? PfnLayout.DescriptorGranuleBytes + layout.DescriptorBytes : PfnLayout.HeadBytes;
        return layout.DataOffset < needed ? $"data begins at {layout.DataOffset}, within the {needed} bytes of head and descriptors"
            : pages == 0 || pages > layout.UsableBytes >> PageSize.Shift4K ? $"{pages} pages of data where {layout.UsableBytes >> PageSize.Shift4K} fit"
            : "";
    }
}
