// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>Reads runs as the fewest segments within a device's limits: adjacent runs of one kind are joined first, then cut.</summary>
internal struct SegmentReader
{
    private readonly SegmentLimits _limits;
    private readonly bool _ignoreTag;
    private RunCursor _cursor;
    private ulong _address;
    private ulong _length;
    private uint _tag;
    private ulong _nextAddress;
    private ulong _nextLength;
    private uint _nextTag;

    public SegmentReader(RunCursor cursor, SegmentLimits limits, bool ignoreTag)
    {
        limits.Validate();
        _limits = limits;
        _ignoreTag = ignoreTag;
        _cursor = cursor;
        _cursor.MoveNext(out _nextAddress, out _nextLength, out _nextTag);
    }

    public bool MoveNext(out ulong address, out ulong length, out uint tag)
    {
        if (_length == 0)
        {
            TakeRun();
        }

        address = _address;
        tag = _tag;
        length = _length == 0 ? 0 : _limits.Cut(_address, _length);
        _address += length;
        _length -= length;
        return length != 0;
    }

    private void TakeRun()
    {
        (_address, _length, _tag) = (_nextAddress, _nextLength, _nextTag);
        _nextLength = 0;
        while (_cursor.MoveNext(out ulong address, out ulong length, out uint tag))
        {
            if (address != _address + _length || (!_ignoreTag && tag != _tag))
            {
                (_nextAddress, _nextLength, _nextTag) = (address, length, tag);
                return;
            }

            _length += length;
        }
    }
}
