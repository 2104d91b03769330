// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <content>The readers of the list; all are structs and allocate nothing.</content>
public sealed partial class RangeList
{
    /// <summary>Reads entries in order.</summary>
    public struct Enumerator
    {
        private RunCursor _cursor;

        internal Enumerator(RunCursor cursor)
        {
            _cursor = cursor;
            Current = default;
        }

        /// <summary>The entry read last.</summary>
        public ProvidedRange Current { get; private set; }

        /// <summary>Reads the next entry; false at the end.</summary>
        public bool MoveNext()
        {
            if (!_cursor.MoveNext(out ulong address, out ulong length, out uint tag))
            {
                return false;
            }

            Current = new(new(new(address), length), new(tag));
            return true;
        }
    }

    /// <summary>The segments of a view, for <c>foreach</c>.</summary>
    public readonly struct SegmentEnumerable
    {
        private readonly RunCursor _cursor;
        private readonly SegmentLimits _limits;

        internal SegmentEnumerable(RunCursor cursor, SegmentLimits limits)
        {
            _cursor = cursor;
            _limits = limits;
        }

        /// <summary>Starts reading.</summary>
        public SegmentEnumerator GetEnumerator() => new(_cursor, _limits);
    }

    /// <summary>Reads segments in order.</summary>
    public struct SegmentEnumerator
    {
        private SegmentReader _reader;

        internal SegmentEnumerator(RunCursor cursor, SegmentLimits limits)
        {
            _reader = new(cursor, limits, ignoreTag: false);
            Current = default;
        }

        /// <summary>The segment read last.</summary>
        public ProvidedRange Current { get; private set; }

        /// <summary>Reads the next segment; false at the end.</summary>
        public bool MoveNext()
        {
            if (!_reader.MoveNext(out ulong address, out ulong length, out uint tag))
            {
                return false;
            }

            Current = new(new(new(address), length), new(tag));
            return true;
        }
    }
}
