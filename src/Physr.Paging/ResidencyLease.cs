// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Paging;

/// <summary>Holds a range of a region in memory: as long as it lasts, loads there do not fault, nor do stores where it is for writing.</summary>
/// <remarks>To be disposed of once: <c>using var lease = region.Acquire(offset, length, LeaseAccess.Write);</c>. A span that is kept beyond it is still legal, and may fault.</remarks>
public unsafe ref struct ResidencyLease : IDisposable
{
    private readonly byte* _start;
    private readonly ulong _length;
    private DevicePrivateRegion? _region;

    internal ResidencyLease(DevicePrivateRegion region, ulong offset, ulong length)
    {
        _region = region;
        _start = region.Pointer + offset;
        _length = length;
        Offset = offset;
    }

    /// <summary>The first byte, from the region's start.</summary>
    public ulong Offset { get; }

    /// <summary>Bytes.</summary>
    public readonly ulong Length => _length;

    /// <summary>The bytes.</summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    /// <exception cref="InvalidOperationException">It has more than a span can (2 GiB less one): use <see cref="Slice"/>.</exception>
    public readonly Span<byte> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (_region is null || _length > int.MaxValue)
            {
                Refuse();
            }

            // SAFETY: the region checked the range, and is not disposed of while leases last.
            return new(_start, (int)_length);
        }
    }

    /// <summary>Some of the bytes.</summary>
    /// <param name="offset">The first, from the lease's start.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    /// <exception cref="ArgumentOutOfRangeException">They are not within the lease.</exception>
    public readonly Span<byte> Slice(ulong offset, int length)
    {
        ObjectDisposedException.ThrowIf(_region is null, typeof(ResidencyLease));
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, _length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)length, _length - offset);

        // SAFETY: checked above; see Span.
        return new(_start + offset, length);
    }

    /// <summary>Ends the lease: its pages may leave.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Dispose()
    {
        DevicePrivateRegion? region = _region;
        if (region is not null)
        {
            _region = null;
            region.Release(Offset, _length);
        }
    }

    private readonly void Refuse()
    {
        ObjectDisposedException.ThrowIf(_region is null, typeof(ResidencyLease));
        throw new InvalidOperationException($"The lease has {_length} bytes, more than one span can: take slices of it.");
    }
}
