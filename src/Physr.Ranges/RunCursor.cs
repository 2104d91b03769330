// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>A place in packed runs and a number of bytes still to come; moving it allocates nothing.</summary>
internal struct RunCursor
{
    private readonly PackedRuns _runs;
    private int _word;
    private ulong _skip;
    private ulong _left;

    public RunCursor(PackedRuns runs)
    {
        _runs = runs;
        _left = runs.Length;
    }

    public RunCursor(PackedRuns runs, ulong offset, ulong length)
    {
        if (offset > runs.Length || length > runs.Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(length), $"Bytes {offset}+{length} are not all in the list, which is {runs.Length} bytes long.");
        }

        _runs = runs;
        runs.Seek(offset, out _word, out _skip);
        _left = length;
    }

    public readonly ulong Left => _left;

    public bool MoveNext(out ulong address, out ulong length, out uint tag)
    {
        if (_left == 0)
        {
            address = 0;
            length = 0;
            tag = 0;
            return false;
        }

        _word = PackedEntry.Read(_runs.Words, _word, out address, out length, out tag);
        address += _skip;
        length = Math.Min(length - _skip, _left);
        _skip = 0;
        _left -= length;
        return true;
    }
}
