// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Media;

/// <summary>The bytes of a media that cannot be read until they are written again. Empty but for injected defects and torn writes, and free then.</summary>
internal sealed class UnreadableBytes
{
    private readonly List<(ulong Start, ulong End)> _ranges = [];

    public bool Overlaps(ulong offset, ulong length)
    {
        foreach ((ulong start, ulong end) in _ranges)
        {
            if (offset < end && start < offset + length)
            {
                return true;
            }
        }

        return false;
    }

    public void Mark(ulong offset, ulong length)
    {
        Clear(offset, length);
        _ranges.Add((offset, offset + length));
    }

    public void Clear(ulong offset, ulong length)
    {
        ulong limit = offset + length;
        for (int i = _ranges.Count - 1; i >= 0; i--)
        {
            (ulong start, ulong end) = _ranges[i];
            if (offset >= end || start >= limit)
            {
                continue;
            }

            _ranges.RemoveAt(i);
            if (start < offset)
            {
                _ranges.Add((start, offset));
            }

            if (end > limit)
            {
                _ranges.Add((limit, end));
            }
        }
    }
}
