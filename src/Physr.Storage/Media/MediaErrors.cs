// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>Bytes that the hardware lost, by blocks of 512 bytes (the kernel's <c>badblocks</c>). Thread-safe; asking where nothing is lost costs one read.</summary>
public sealed class MediaErrors
{
    /// <summary>The unit, in bytes.</summary>
    public const ulong BlockBytes = 512;

    private readonly BlockSet _set;
    private readonly ulong _start;
    private readonly ulong _length;

    /// <summary>Makes the list of a medium that lost nothing yet.</summary>
    public MediaErrors()
        : this(new BlockSet(), 0, ulong.MaxValue)
    {
    }

    private MediaErrors(BlockSet set, ulong start, ulong length)
    {
        _set = set;
        _start = start;
        _length = length;
    }

    /// <summary>Whether nothing is lost.</summary>
    public bool IsEmpty => _set.Count == 0 || Ranges().Count == 0;

    /// <summary>Says that bytes are lost: every block that holds one of them.</summary>
    public void Inject(ulong offset, ulong length)
    {
        if (length != 0)
        {
            _set.Add((_start + offset) / BlockBytes, (_start + offset + length - 1) / BlockBytes);
        }
    }

    /// <summary>Says that blocks are good again: those that lie within the range whole.</summary>
    public void Clear(ulong offset, ulong length)
    {
        foreach (ulong block in BlocksWithin(offset, length))
        {
            _set.Remove((_start + block) / BlockBytes);
        }
    }

    /// <summary>Whether a range holds a lost byte.</summary>
    public bool Overlaps(ulong offset, ulong length) => _set.Count != 0 && length != 0 && _set.Any((_start + offset) / BlockBytes, (_start + offset + length - 1) / BlockBytes);

    /// <summary>The lost blocks of which a range holds every byte: offsets in bytes, ascending.</summary>
    public IReadOnlyList<ulong> BlocksWithin(ulong offset, ulong length)
    {
        if (_set.Count == 0)
        {
            return [];
        }

        ulong from = _start + offset;
        ulong to = from + Math.Min(length, ulong.MaxValue - from);
        return [.. _set.Starts().Where(start => start >= from && start + BlockBytes <= to).Select(start => start - _start)];
    }

    /// <summary>All lost bytes as ranges: offset and length in bytes, ascending, neighbours joined (<c>/sys/block/*/badblocks</c>).</summary>
    public IReadOnlyList<(ulong Offset, ulong Length)> Ranges()
    {
        List<(ulong Offset, ulong Length)> ranges = [];
        foreach (ulong start in _set.Count == 0 ? [] : _set.Starts())
        {
            ulong from = Math.Max(start, _start);
            ulong to = Math.Min(start + BlockBytes, _start + Math.Min(_length, ulong.MaxValue - _start));
            if (from >= to)
            {
                continue;
            }

            from -= _start;
            to -= _start;
            if (ranges.Count != 0 && ranges[^1].Offset + ranges[^1].Length == from)
            {
                ranges[^1] = (ranges[^1].Offset, to - ranges[^1].Offset);
            }
            else
            {
                ranges.Add((from, to - from));
            }
        }

        return ranges;
    }

    /// <summary>The same list, seen from a part of the medium.</summary>
    internal MediaErrors Within(ulong start, ulong length) => new(_set, _start + start, length);

    private sealed class BlockSet
    {
        private readonly SortedSet<ulong> _blocks = [];
        private readonly Lock _lock = new();
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Add(ulong first, ulong last)
        {
            lock (_lock)
            {
                for (ulong block = first; block <= last; block++)
                {
                    _blocks.Add(block);
                }

                Volatile.Write(ref _count, _blocks.Count);
            }
        }

        public void Remove(ulong block)
        {
            lock (_lock)
            {
                _blocks.Remove(block);
                Volatile.Write(ref _count, _blocks.Count);
            }
        }

        public bool Any(ulong first, ulong last)
        {
            lock (_lock)
            {
                return _blocks.GetViewBetween(first, last).Count != 0;
            }
        }

        public ulong[] Starts()
        {
            lock (_lock)
            {
                return [.. _blocks.Select(static block => block * BlockBytes)];
            }
        }
    }
}
