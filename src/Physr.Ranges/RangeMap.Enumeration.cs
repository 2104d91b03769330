// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <content>Ordered enumeration of ranges and gaps.</content>
public sealed partial class RangeMap<TAddress, T>
{
    private static readonly AddressRange<TAddress> Everything = AddressRange<TAddress>.FromTrusted(0, ulong.MaxValue);

    /// <summary>All ranges in the order of their starts; where ranges nest, an outer one before those inside. Allocates nothing.</summary>
    public RangeSequence Ranges() => new(this, Everything);

    /// <summary>The ranges that share a byte with <paramref name="within"/>, each whole, in the order of <see cref="Ranges()"/>. Allocates nothing.</summary>
    public RangeSequence Ranges(AddressRange<TAddress> within) => new(this, within);

    /// <summary>The runs of <paramref name="within"/> that no range holds, ascending, none empty and none touching the next. Allocates nothing.</summary>
    public GapSequence Gaps(AddressRange<TAddress> within) => new(this, within);

    /// <summary>Ranges in order; enumerate it with <c>foreach</c>.</summary>
    public struct RangeSequence
    {
        private readonly RangeMap<TAddress, T> _map;
        private readonly ulong _end;
        private ulong _next;
        private RangeMapNode<T>? _innermost;
        private RangeMapNode<T>? _given;
        private ulong _opened;

        internal RangeSequence(RangeMap<TAddress, T> map, AddressRange<TAddress> within)
        {
            _map = map;
            _next = within.Start.Value;
            _end = within.End.Value;
        }

        /// <summary>The range that the last <see cref="MoveNext"/> found.</summary>
        public RangeMapEntry<TAddress, T> Current { get; private set; }

        /// <summary>Starts an enumeration of its own.</summary>
        public readonly RangeSequence GetEnumerator() => this;

        /// <summary>Finds the next range.</summary>
        public bool MoveNext() => _map._flat is { } flat ? MoveNextFlat(flat) : MoveNextNested(_map._nested!);

        private bool MoveNextFlat(DisjointMap<T> flat)
        {
            if (_next >= _end || !flat.TryFindNext(_next, out Segment<T> segment) || segment.Start >= _end)
            {
                return false;
            }

            _next = segment.End;
            Current = new(AddressRange<TAddress>.FromTrusted(segment.Start, segment.End - segment.Start), segment.Value);
            return true;
        }

        private bool MoveNextNested(DisjointMap<RangeMapNode<T>> nested)
        {
            while (true)
            {
                // From the outside in: the ranges around this part that start here, that is, were not given at an earlier part.
                if (Opening() is { } node)
                {
                    _given = node;
                    Current = new(RangeOf(node), node.Value);
                    return true;
                }

                if (_next >= _end || !nested.TryFindNext(_next, out Segment<RangeMapNode<T>> part) || part.Start >= _end)
                {
                    return false;
                }

                // At the first part, every range around it is new; later, those that start where the part does.
                _opened = _innermost is null ? 0 : part.Start;
                _innermost = part.Value;
                _given = null;
                _next = part.End;
            }
        }

        /// <summary>The outermost range around the current part that starts at or after the part does and is inside the one given last.</summary>
        private readonly RangeMapNode<T>? Opening()
        {
            RangeMapNode<T>? found = null;
            for (RangeMapNode<T>? node = _innermost; node is not null && node != _given && node.Start >= _opened; node = node.Parent)
            {
                found = node;
            }

            return found;
        }
    }

    /// <summary>Gaps in order; enumerate it with <c>foreach</c>.</summary>
    public struct GapSequence
    {
        private readonly RangeMap<TAddress, T> _map;
        private readonly ulong _end;
        private ulong _next;

        internal GapSequence(RangeMap<TAddress, T> map, AddressRange<TAddress> within)
        {
            _map = map;
            _next = within.Start.Value;
            _end = within.End.Value;
        }

        /// <summary>The gap that the last <see cref="MoveNext"/> found.</summary>
        public AddressRange<TAddress> Current { get; private set; }

        /// <summary>Starts an enumeration of its own.</summary>
        public readonly GapSequence GetEnumerator() => this;

        /// <summary>Finds the next gap.</summary>
        public bool MoveNext()
        {
            while (_next < _end)
            {
                ulong from = _next;
                ulong to = _end;
                _next = _end;
                if (_map.TryFindBounds(from, out ulong start, out ulong end))
                {
                    to = Math.Min(start, _end);
                    _next = end;
                }

                if (to > from)
                {
                    Current = AddressRange<TAddress>.FromTrusted(from, to - from);
                    return true;
                }
            }

            return false;
        }
    }

    private bool TryFindBounds(ulong address, out ulong start, out ulong end)
    {
        bool found;
        if (_flat is { } flat)
        {
            found = flat.TryFindNext(address, out Segment<T> segment);
            (start, end) = (segment.Start, segment.End);
            return found;
        }

        found = _nested!.TryFindNext(address, out Segment<RangeMapNode<T>> part);
        (start, end) = (part.Start, part.End);
        return found;
    }
}
