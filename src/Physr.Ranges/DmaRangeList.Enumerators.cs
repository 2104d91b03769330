// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <content>The readers of the list; all are structs and allocate nothing.</content>
public sealed partial class DmaRangeList
{
    /// <summary>Reads entries in order.</summary>
    public struct Enumerator
    {
        private readonly bool _isIdentity;
        private RunCursor _cursor;

        internal Enumerator(RunCursor cursor, bool isIdentity)
        {
            _cursor = cursor;
            _isIdentity = isIdentity;
            Current = default;
        }

        /// <summary>The entry read last.</summary>
        public DmaEntry Current { get; private set; }

        /// <summary>Reads the next entry; false at the end.</summary>
        public bool MoveNext()
        {
            if (!_cursor.MoveNext(out ulong address, out ulong length, out uint tag))
            {
                return false;
            }

            Current = DmaEntry.FromTag(address, length, tag, _isIdentity);
            return true;
        }
    }

    /// <summary>The segments of a part of the list, for <c>foreach</c>.</summary>
    public readonly struct SegmentEnumerable
    {
        private readonly RunCursor _cursor;
        private readonly SegmentLimits _limits;
        private readonly bool _isIdentity;

        internal SegmentEnumerable(RunCursor cursor, SegmentLimits limits, bool isIdentity)
        {
            _cursor = cursor;
            _limits = limits;
            _isIdentity = isIdentity;
        }

        /// <summary>Starts reading.</summary>
        public SegmentEnumerator GetEnumerator() => new(_cursor, _limits, _isIdentity);
    }

    /// <summary>Reads segments in order.</summary>
    public struct SegmentEnumerator
    {
        private readonly bool _isIdentity;
        private SegmentReader _reader;

        internal SegmentEnumerator(RunCursor cursor, SegmentLimits limits, bool isIdentity)
        {
            // The tags of an identity view are providers, which mean nothing on the bus: adjacent runs join whatever their owners.
            _reader = new(cursor, limits, ignoreTag: isIdentity);
            _isIdentity = isIdentity;
            Current = default;
        }

        /// <summary>The segment read last.</summary>
        public DmaEntry Current { get; private set; }

        /// <summary>Reads the next segment; false at the end.</summary>
        public bool MoveNext()
        {
            if (!_reader.MoveNext(out ulong address, out ulong length, out uint tag))
            {
                return false;
            }

            Current = DmaEntry.FromTag(address, length, tag, _isIdentity);
            return true;
        }
    }

    /// <summary>The blocks of the list, for <c>foreach</c>.</summary>
    public readonly struct BlockEnumerable
    {
        private readonly RunCursor _cursor;
        private readonly ulong _blockSize;

        internal BlockEnumerable(RunCursor cursor, ulong blockSize)
        {
            _cursor = cursor;
            _blockSize = blockSize;
        }

        /// <summary>Starts reading.</summary>
        public BlockEnumerator GetEnumerator() => new(_cursor, _blockSize);
    }

    /// <summary>Reads the first address of each block in order.</summary>
    public struct BlockEnumerator
    {
        private BlockReader _reader;

        internal BlockEnumerator(RunCursor cursor, ulong blockSize)
        {
            _reader = new(cursor, blockSize);
            Current = default;
        }

        /// <summary>The address of the block read last, a multiple of the block size.</summary>
        public DmaAddress Current { get; private set; }

        /// <summary>Reads the next block; false at the end.</summary>
        public bool MoveNext()
        {
            bool any = _reader.MoveNext(out ulong address);
            Current = new(address);
            return any;
        }
    }
}
