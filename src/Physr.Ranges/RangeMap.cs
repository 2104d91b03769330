// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Physr.Ranges;

/// <summary>Maps half-open address ranges to values: who owns this address, and how far does that reach.</summary>
/// <remarks>Look-ups take O(log n), allocate nothing and may run on any number of threads beside one another and beside writers. They never wait for a
/// writer; writers take turns on a lock. Each look-up sees the map as it was at one moment during the call. An enumeration is a row of look-ups: each range
/// it gives was in the map at a moment during the enumeration, and what is added or removed meanwhile may or may not appear.
/// How that is done is told at <c>DisjointMap</c>.</remarks>
/// <typeparam name="TAddress">The address space.</typeparam>
/// <typeparam name="T">The type of the values; copied whole, so best a reference or a struct of at most 16 bytes.</typeparam>
public sealed partial class RangeMap<TAddress, T>
    where TAddress : struct, IAddress<TAddress>
{
    /// <summary>The writers' turn. It is held for well under a microsecond, but for the rare split or merge.</summary>
    private SpinLock _writer = new(enableThreadOwnerTracking: false);

    /// <summary>The ranges themselves; null in a nesting map.</summary>
    private readonly DisjointMap<T>? _flat;

    /// <summary>The parts of the ranges that no inner range covers; null unless the map nests.</summary>
    private readonly DisjointMap<RangeMapNode<T>>? _nested;

    private int _count;

    /// <summary>Makes an empty map.</summary>
    /// <param name="overlap">Whether ranges may lie in one another.</param>
    public RangeMap(RangeOverlap overlap = RangeOverlap.Refuse)
    {
        Overlap = overlap;
        if (overlap == RangeOverlap.Nest)
        {
            _nested = new();
        }
        else
        {
            _flat = new();
        }
    }

    /// <summary>Whether ranges may lie in one another.</summary>
    public RangeOverlap Overlap { get; }

    /// <summary>Ranges in the map.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Finds the range, the innermost one where ranges nest, that holds the byte at <paramref name="address"/>.</summary>
    /// <param name="address">Where to look.</param>
    /// <param name="value">The range's value.</param>
    /// <param name="range">The range, whole: <c>range.End</c> less <paramref name="address"/> is the length that remains.</param>
    /// <returns>False when no range holds that byte.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)] // Inlined into a caller's loop, its conditional moves would become jumps, and a random mixture of hits and gaps mispredicts those.
    public bool TryFind(TAddress address, [MaybeNullWhen(false)] out T value, out AddressRange<TAddress> range)
    {
        if (_flat is not { } flat)
        {
            return TryFindNested(address, out value, out range);
        }

        bool found = flat.TryFind(address.Value, out value, out ulong start, out ulong length);
        range = AddressRange<TAddress>.FromTrusted(start, length);
        return found;
    }

    /// <summary>Finds the range that holds the byte at <paramref name="address"/> or, failing that, the next range above (the kernel's <c>find_vma</c>).
    /// Where ranges nest, it is the innermost range at the first byte that any range holds.</summary>
    /// <returns>False when no range ends above <paramref name="address"/>.</returns>
    public bool TryFindNext(TAddress address, [MaybeNullWhen(false)] out T value, out AddressRange<TAddress> range)
    {
        bool found;
        if (_flat is { } flat)
        {
            found = flat.TryFindNext(address.Value, out Segment<T> segment);
            value = segment.Value;
            range = AddressRange<TAddress>.FromTrusted(segment.Start, segment.End - segment.Start);
            return found;
        }

        found = _nested!.TryFindNext(address.Value, out Segment<RangeMapNode<T>> part);
        value = found ? part.Value.Value : default;
        range = found ? RangeOf(part.Value) : default;
        return found;
    }

    private static AddressRange<TAddress> RangeOf(RangeMapNode<T> node) => AddressRange<TAddress>.FromTrusted(node.Start, node.End - node.Start);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryFindNested(TAddress address, [MaybeNullWhen(false)] out T value, out AddressRange<TAddress> range)
    {
        if (!_nested!.TryFind(address.Value, out RangeMapNode<T> node, out _, out _))
        {
            value = default;
            range = default;
            return false;
        }

        value = node.Value;
        range = RangeOf(node);
        return true;
    }
}
