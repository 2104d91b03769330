// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Storage.Pmem;

namespace Physr.Storage.Btt;

/// <summary>The info block of an arena, version 2.0 (<c>EFI_BTT_INFO_BLOCK</c>).</summary>
internal sealed record BttInfoBlock(Guid Uuid, Guid ParentUuid, bool HasError, BttLayout Layout)
{
    private const int ChecksumAt = 4088;
    private const uint ErrorFlag = 1;

    private static ReadOnlySpan<byte> Signature => "BTT_ARENA_INFO\0\0"u8;

    /// <summary>Writes it, sealed.</summary>
    public void Format(Span<byte> bytes)
    {
        bytes.Clear();
        Signature.CopyTo(bytes);
        Uuid.TryWriteBytes(bytes[16..], bigEndian: true, out _);
        ParentUuid.TryWriteBytes(bytes[32..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[48..], HasError ? ErrorFlag : 0);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[52..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[56..], Layout.SectorBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[60..], Layout.Sectors);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[64..], Layout.BlockBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[68..], Layout.Blocks);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[72..], Layout.FreeBlocks);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[76..], BttLayout.InfoBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[80..], Layout.NextOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[88..], Layout.DataOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[96..], Layout.MapOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[104..], Layout.FlogOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[112..], Layout.CopyOffset);
        Fletcher64.Seal(bytes[..BttLayout.InfoBytes], ChecksumAt);
    }

    /// <summary>Reads one.</summary>
    /// <param name="medium">The namespace's bytes.</param>
    /// <param name="at">Where it lies.</param>
    /// <param name="room">Bytes from the start of the arena to the end of the namespace.</param>
    /// <param name="parent">The namespace; empty accepts any.</param>
    /// <param name="info">The block; null on failure.</param>
    /// <param name="reason">What is wrong; empty on success.</param>
    public static Errno TryRead(PersistentMemory medium, ulong at, ulong room, Guid parent, out BttInfoBlock? info, out string reason)
    {
        info = null;
        Span<byte> bytes = stackalloc byte[BttLayout.InfoBytes];
        Errno errno = medium.TryRead(at, bytes);
        if (errno != Errno.None)
        {
            reason = $"it cannot be read ({errno})";
            return errno;
        }

        if (!bytes.StartsWith(Signature) || !Fletcher64.IsSealed(bytes, ChecksumAt))
        {
            reason = bytes.StartsWith(Signature) ? "it does not have the checksum it states" : "it does not begin with BTT_ARENA_INFO";
            return Errno.EUCLEAN;
        }

        ushort major = BinaryPrimitives.ReadUInt16LittleEndian(bytes[52..]);
        ushort minor = BinaryPrimitives.ReadUInt16LittleEndian(bytes[54..]);
        if (major != 2 || minor != 0 || BinaryPrimitives.ReadUInt32LittleEndian(bytes[76..]) != BttLayout.InfoBytes)
        {
            reason = $"version {major}.{minor}: 2.0 is known";
            return Errno.EOPNOTSUPP;
        }

        Guid stated = new(bytes.Slice(32, 16), bigEndian: true);
        BttLayout layout = new(
            room, BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[64..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[68..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[72..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[88..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[96..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[104..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[112..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[80..]));
        reason = parent != Guid.Empty && stated != Guid.Empty && stated != parent ? $"it belongs to namespace {stated}, not to {parent}" : layout.Judge(room);
        if (reason.Length != 0)
        {
            return Errno.EUCLEAN;
        }

        bool hasError = (BinaryPrimitives.ReadUInt32LittleEndian(bytes[48..]) & ErrorFlag) != 0;
        info = new(new(bytes.Slice(16, 16), bigEndian: true), stated, hasError, layout with { ArenaBytes = layout.CopyOffset + BttLayout.InfoBytes });
        return Errno.None;
    }
}
