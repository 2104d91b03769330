// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Ranges;

/// <content>The list as bytes, to be kept or handed to another process (row R60f).</content>
public sealed partial class RangeList
{
    /// <summary>"PHYRLST1", little-endian, in front of the packed words.</summary>
    private const ulong Magic = 0x3154_534C_5259_4850;

    private const int HeaderWords = 3;

    /// <summary>How many bytes <see cref="WriteTo"/> writes.</summary>
    public int SerializedLength => checked((HeaderWords + _runs.Words.Length) * sizeof(ulong));

    /// <summary>Writes magic, entry count, total length and the packed words, little-endian.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <see cref="SerializedLength"/>.</exception>
    public void WriteTo(Span<byte> destination)
    {
        if (destination.Length < SerializedLength)
        {
            throw new ArgumentException($"The list needs {SerializedLength} bytes; the destination has {destination.Length}.", nameof(destination));
        }

        BinaryPrimitives.WriteUInt64LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], (ulong)EntryCount);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Length);
        Span<byte> rest = destination[(HeaderWords * sizeof(ulong))..];
        foreach (ulong word in _runs.Words)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, word);
            rest = rest[sizeof(ulong)..];
        }
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote. Every entry is checked and the totals must agree; whatever the bytes, nothing is thrown.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out RangeList list)
    {
        list = Empty;
        if (source.Length < HeaderWords * sizeof(ulong) || source.Length % sizeof(ulong) != 0 || BinaryPrimitives.ReadUInt64LittleEndian(source) != Magic)
        {
            return false;
        }

        ulong entries = BinaryPrimitives.ReadUInt64LittleEndian(source[8..]);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(source[16..]);
        ulong[] words = new ulong[(source.Length / sizeof(ulong)) - HeaderWords];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt64LittleEndian(source[((HeaderWords + i) * sizeof(ulong))..]);
        }

        PackedRunsBuilder builder = new();
        ulong read = 0;
        for (int word = 0; word < words.Length;)
        {
            int size = PackedEntry.WordsOf(words[word]);
            if (size == 0 || size > words.Length - word)
            {
                return false;
            }

            word = PackedEntry.Read(words, word, out ulong address, out ulong bytes, out uint tag);
            if (bytes == 0 || address + bytes < address || length - builder.Length < bytes)
            {
                return false;
            }

            builder.Append(address, bytes, tag);
            read++;
        }

        // A foreign writer may not have coalesced or packed as we do; what is accepted is stored in our form, but only where it says the same.
        if (read != entries || builder.Length != length || (ulong)builder.EntryCount != entries)
        {
            return false;
        }

        list = builder.EntryCount == 0 ? Empty : new(builder.Build());
        return true;
    }
}
