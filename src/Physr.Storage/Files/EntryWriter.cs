// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;

namespace Physr.Storage.Files;

/// <summary>Puts entries of metadata together, with room before them for the header of what they are a part of.</summary>
/// <remarks>An entry is little-endian words: kind (16 bits), bytes of the name (16), count (32); then as <see cref="EntryKind"/> says; then the name, filled up with zeros.</remarks>
internal sealed class EntryWriter
{
    public const int MapBytes = 32;
    public const int SharedBytes = 24;
    private readonly int _headerBytes;
    private byte[] _bytes = new byte[512];
    private int _length;

    /// <summary>Makes it empty.</summary>
    /// <param name="headerBytes">Room before the first entry.</param>
    public EntryWriter(int headerBytes) => _length = _headerBytes = headerBytes;

    /// <summary>Header and entries.</summary>
    public Span<byte> All => _bytes.AsSpan(0, _length);

    /// <summary>The entries.</summary>
    public Span<byte> Entries => _bytes.AsSpan(_headerBytes, _length - _headerBytes);

    /// <summary>What a file without extents takes in a checkpoint.</summary>
    public static ulong FileBytes(string name) => 16 + Alignment.Up((ulong)Encoding.UTF8.GetByteCount(name), 8) + 24;

    public void Clear() => _length = _headerBytes;

    public void Create(ulong file, string name) => Put(EntryKind.Create, 0, name, file);

    public void Unlink(ulong file) => Put(EntryKind.Unlink, 0, "", file);

    public void Rename(ulong file, string name) => Put(EntryKind.Rename, 0, name, file);

    public void Map(ulong file, Extent extent) => Put(EntryKind.Map, (uint)extent.Count, "", file, extent.Page, extent.Block);

    public void Unmap(ulong file, ulong page, ulong count) => Put(EntryKind.Unmap, 0, "", file, page, count);

    public void SetLength(ulong file, ulong length) => Put(EntryKind.SetLength, 0, "", file, length);

    public void Clone(ulong source, ulong file, string name) => Put(EntryKind.Clone, 0, name, source, file);

    public void Shared(ulong block, uint count, int owners) => Put(EntryKind.Shared, count, "", block, (ulong)owners);

    private void Put(EntryKind kind, uint count, string name, params ReadOnlySpan<ulong> words)
    {
        int nameBytes = Encoding.UTF8.GetByteCount(name);
        int length = 8 + (8 * words.Length) + (int)Alignment.Up((ulong)nameBytes, 8);
        if (_bytes.Length - _length < length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + length));
        }

        Span<byte> entry = _bytes.AsSpan(_length, length);
        entry.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(entry, (ulong)kind | ((ulong)nameBytes << 16) | ((ulong)count << 32));
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(entry[(8 + (8 * i))..], words[i]);
        }

        Encoding.UTF8.GetBytes(name, entry[(8 + (8 * words.Length))..]);
        _length += length;
    }
}
