// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>The immutable words of a range list, with a sparse index so that a seek costs O(log n), not O(n).</summary>
internal sealed class PackedRuns
{
    /// <summary>One checkpoint of 12 bytes each 128 entries: at most 1.2 % on top of the shortest entries, and a seek decodes at most 127 entries.</summary>
    public const int EntriesPerCheckpoint = 128;

    public static readonly PackedRuns Empty = new([], 0, 0);

    private readonly ulong[] _words;
    private readonly ulong[] _checkpointOffsets;
    private readonly int[] _checkpointWords;

    public PackedRuns(ulong[] words, int entryCount, ulong length)
    {
        _words = words;
        EntryCount = entryCount;
        Length = length;
        int checkpoints = entryCount > EntriesPerCheckpoint ? (entryCount - 1) / EntriesPerCheckpoint : 0;
        _checkpointOffsets = checkpoints == 0 ? [] : new ulong[checkpoints];
        _checkpointWords = checkpoints == 0 ? [] : new int[checkpoints];
        if (checkpoints != 0)
        {
            IndexEntries();
        }
    }

    public ReadOnlySpan<ulong> Words => _words;

    public int EntryCount { get; }

    public ulong Length { get; }

    public ulong PackedBytes => ((ulong)_words.Length * sizeof(ulong)) + ((ulong)_checkpointWords.Length * (sizeof(ulong) + sizeof(int)));

    /// <summary>Finds the entry that holds byte <paramref name="offset"/>; the end of the list is a valid place to stand.</summary>
    public void Seek(ulong offset, out int word, out ulong offsetInEntry)
    {
        if (offset > Length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"The list is {Length} bytes long.");
        }

        word = 0;
        ulong left = offset;
        int checkpoint = Array.BinarySearch(_checkpointOffsets, offset);
        checkpoint = checkpoint >= 0 ? checkpoint : ~checkpoint - 1;
        if (checkpoint >= 0)
        {
            word = _checkpointWords[checkpoint];
            left = offset - _checkpointOffsets[checkpoint];
        }

        while (word < _words.Length)
        {
            int next = PackedEntry.Read(_words, word, out _, out ulong length, out _);
            if (left < length)
            {
                break;
            }

            left -= length;
            word = next;
        }

        offsetInEntry = left;
    }

    private void IndexEntries()
    {
        int word = 0;
        ulong offset = 0;
        for (int entry = 0; entry < EntryCount; entry++)
        {
            if (entry != 0 && entry % EntriesPerCheckpoint == 0)
            {
                _checkpointOffsets[(entry / EntriesPerCheckpoint) - 1] = offset;
                _checkpointWords[(entry / EntriesPerCheckpoint) - 1] = word;
            }

            word = PackedEntry.Read(_words, word, out _, out ulong length, out _);
            offset += length;
        }
    }
}
