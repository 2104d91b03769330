// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>A half-open run of bytes <c>[Start, End)</c> in one address space.</summary>
/// <remarks>The end is representable, so the very last byte of the 64-bit space belongs to no range: all ones is the error value of DMA.</remarks>
/// <typeparam name="TAddress">The address space.</typeparam>
public readonly record struct AddressRange<TAddress>
    where TAddress : struct, IAddress<TAddress>
{
    /// <summary>Makes the range <c>[start, start + length)</c>; an empty range is allowed.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="start"/> plus <paramref name="length"/> does not fit in 64 bits.</exception>
    public AddressRange(TAddress start, ulong length)
    {
        if (!start.TryAdd(length, out _))
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"A range from {start} of this length leaves the 64-bit address space.");
        }

        Start = start;
        Length = length;
    }

    private AddressRange(ulong start, ulong length)
    {
        Start = TAddress.FromValue(start);
        Length = length;
    }

    /// <summary>The first byte.</summary>
    public TAddress Start { get; }

    /// <summary>Length in bytes.</summary>
    public ulong Length { get; }

    /// <summary>One past the last byte.</summary>
    public TAddress End => TAddress.FromValue(Start.Value + Length);

    /// <summary>The last byte, as <c>/proc/iomem</c> prints it.</summary>
    /// <exception cref="InvalidOperationException">The range is empty.</exception>
    public TAddress Last => Length != 0 ? TAddress.FromValue(Start.Value + (Length - 1)) : throw new InvalidOperationException("An empty range has no last byte.");

    /// <summary>Whether the range holds no byte.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>Makes a range without throwing; false when it would leave the 64-bit address space.</summary>
    public static bool TryCreate(TAddress start, ulong length, out AddressRange<TAddress> range)
    {
        bool fits = start.TryAdd(length, out _);
        range = fits ? new(start, length) : default;
        return fits;
    }

    /// <summary>Makes a range of two ends.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="end"/> lies below <paramref name="start"/>.</exception>
    public static AddressRange<TAddress> FromBounds(TAddress start, TAddress end) =>
        end.Value >= start.Value
            ? new(start, end.Value - start.Value)
            : throw new ArgumentOutOfRangeException(nameof(end), end, $"The end of a range lies below its start {start}.");

    /// <summary>Makes a range of numbers that came out of a valid range, without checking them again.</summary>
    internal static AddressRange<TAddress> FromTrusted(ulong start, ulong length) => new(start, length);

    /// <summary>Whether <paramref name="address"/> is one of the range's bytes.</summary>
    public bool Contains(TAddress address) => address.Value - Start.Value < Length;

    /// <summary>Whether every byte of <paramref name="other"/> is in this range; an empty range is contained where its start lies in or at the end.</summary>
    public bool Contains(AddressRange<TAddress> other) =>
        other.Start.Value >= Start.Value && other.Start.Value - Start.Value <= Length && other.Length <= Length - (other.Start.Value - Start.Value);

    /// <summary>Whether the two ranges share a byte.</summary>
    public bool Overlaps(AddressRange<TAddress> other) => !IsEmpty && !other.IsEmpty && Start.Value < other.End.Value && other.Start.Value < End.Value;

    /// <summary>The bytes in both ranges; empty when there are none.</summary>
    public AddressRange<TAddress> Intersect(AddressRange<TAddress> other)
    {
        ulong start = Math.Max(Start.Value, other.Start.Value);
        ulong end = Math.Min(End.Value, other.End.Value);
        return end > start ? new(TAddress.FromValue(start), end - start) : default;
    }

    /// <summary>The part that starts <paramref name="offset"/> bytes in and is <paramref name="length"/> bytes long.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part leaves the range.</exception>
    public AddressRange<TAddress> Slice(ulong offset, ulong length)
    {
        if (offset > Length || length > Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(length), $"Bytes {offset}+{length} are not all in {this}, which is {Length} bytes long.");
        }

        return new(TAddress.FromValue(Start.Value + offset), length);
    }

    /// <summary>The range as <c>0xstart-0xend</c>, the end exclusive.</summary>
    public override string ToString() => $"{Start}-{End}";
}
