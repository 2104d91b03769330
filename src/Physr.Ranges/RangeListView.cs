// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>A run of bytes of a <see cref="RangeList"/>, without copying: what one command of a transfer covers.</summary>
public readonly struct RangeListView : IEquatable<RangeListView>
{
    private readonly RangeList? _list;
    private readonly ulong _offset;

    internal RangeListView(RangeList list, ulong offset, ulong length)
    {
        if (offset > list.Length || length > list.Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(length), $"Bytes {offset}+{length} are not all in the list, which is {list.Length} bytes long.");
        }

        _list = list;
        _offset = offset;
        Length = length;
    }

    /// <summary>Total bytes.</summary>
    public ulong Length { get; }

    /// <summary>Whether two views show the same bytes of the same list object.</summary>
    public static bool operator ==(RangeListView left, RangeListView right) => left.Equals(right);

    /// <summary>Whether two views differ.</summary>
    public static bool operator !=(RangeListView left, RangeListView right) => !left.Equals(right);

    /// <summary>Reads the entries, the first and last cut to the view.</summary>
    public RangeList.Enumerator GetEnumerator() => new(Cursor());

    /// <summary>The view's part from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part leaves the view.</exception>
    public RangeListView Slice(ulong offset, ulong length)
    {
        if (offset > Length || length > Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(length), $"Bytes {offset}+{length} are not all in the view, which is {Length} bytes long.");
        }

        return new(_list ?? RangeList.Empty, _offset + offset, length);
    }

    /// <summary>Reads the view as the fewest segments within a device's limits, never across providers (row R62).</summary>
    public RangeList.SegmentEnumerable Segments(SegmentLimits limits) => new(Cursor(), limits);

    /// <inheritdoc/>
    public bool Equals(RangeListView other) => ReferenceEquals(_list, other._list) && _offset == other._offset && Length == other.Length;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is RangeListView other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_list, _offset, Length);

    internal RunCursor Cursor() => new((_list ?? RangeList.Empty).Runs, _offset, Length);
}
