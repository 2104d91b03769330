// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;

namespace Physr.Ranges;

/// <content>Adding and removing, one writer at a time. The writers' lock is a spin lock because half of an update would be a lock's second atomic operation.</content>
public sealed partial class RangeMap<TAddress, T>
{
    /// <summary>Adds a range.</summary>
    /// <param name="range">The range; not empty.</param>
    /// <param name="value">Its value.</param>
    /// <param name="errno"><see cref="Errno.EEXIST"/> when a range is in the way, <see cref="Errno.EINVAL"/> when <paramref name="range"/> is empty.</param>
    /// <param name="conflict">With <see cref="Errno.EEXIST"/>, the first range in the way, whole; empty otherwise.</param>
    public bool TryAdd(AddressRange<TAddress> range, T value, out Errno errno, out AddressRange<TAddress> conflict)
    {
        conflict = default;
        if (range.IsEmpty)
        {
            errno = Errno.EINVAL;
            return false;
        }

        bool added;
        bool taken = false;
        try
        {
            _writer.Enter(ref taken);
            if (_flat is { } flat)
            {
                added = flat.TryInsert(new(range.Start.Value, range.End.Value, value), out Segment<T> other);
                conflict = AddressRange<TAddress>.FromTrusted(other.Start, other.End - other.Start);
            }
            else
            {
                added = TryNest(range.Start.Value, range.End.Value, value, out conflict);
            }

            _count += added ? 1 : 0;
        }
        finally
        {
            if (taken)
            {
                _writer.Exit(useMemoryBarrier: false);
            }
        }

        errno = added ? Errno.None : Errno.EEXIST;
        return added;
    }

    /// <summary>Adds a range; false when a range is in the way or <paramref name="range"/> is empty.</summary>
    public bool TryAdd(AddressRange<TAddress> range, T value) => TryAdd(range, value, out _, out _);

    /// <summary>Adds a range that the caller knows to be free.</summary>
    /// <exception cref="PhysrException">A range is in the way, which the message names (<see cref="Errno.EEXIST"/>), or <paramref name="range"/> is empty
    /// (<see cref="Errno.EINVAL"/>).</exception>
    public void Add(AddressRange<TAddress> range, T value)
    {
        if (!TryAdd(range, value, out Errno errno, out AddressRange<TAddress> conflict))
        {
            throw new PhysrException("add range", range.ToString(), errno, errno == Errno.EEXIST ? $"{conflict} is in the map." : "An empty range owns no address.");
        }
    }

    /// <summary>Removes the range with exactly these bounds. Where ranges nest, what was inside stays, and the bytes go back to the range around it.</summary>
    /// <param name="range">The range as it was added.</param>
    /// <param name="value">The value it was added with.</param>
    /// <returns>False when no range has these bounds (the kernel's <see cref="Errno.ENOENT"/>).</returns>
    public bool TryRemove(AddressRange<TAddress> range, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (range.IsEmpty)
        {
            return false;
        }

        bool taken = false;
        try
        {
            _writer.Enter(ref taken);
            bool removed = _flat is { } flat
                ? flat.TryRemove(range.Start.Value, range.End.Value, out value)
                : TryUnnest(range.Start.Value, range.End.Value, out value);
            _count -= removed ? 1 : 0;
            return removed;
        }
        finally
        {
            if (taken)
            {
                _writer.Exit(useMemoryBarrier: false);
            }
        }
    }
}
