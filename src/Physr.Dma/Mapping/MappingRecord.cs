// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Dma.Mapping;

/// <summary>Whose a run of IO virtual addresses is, in 16 bytes: what an unmap's arguments are checked against before anything is changed.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MappingRecord
{
    /// <summary>Longest run that a record can tell, less one byte.</summary>
    public const ulong MaxLength = (1UL << 48) - 1;

    private const int OffsetBits = 16;
    private const uint DeviceMask = 0xff_ffff;
    private const int KindShift = 24;
    private const uint KindMask = 3u << KindShift;
    private const uint BouncedFlag = 1u << 26;
    private const uint SparseFlag = 1u << 27;

    // Length, then the offset of the first byte within its granule; 0 is a free record.
    private ulong _extent;
    private uint _owner;

    /// <summary>A streaming mapping's provider, 0 for RAM; a reservation's linked granules.</summary>
    public uint Extra { get; private set; }

    /// <summary>Whether a part of it goes through a bounce slot.</summary>
    public readonly bool IsBounced => (_owner & BouncedFlag) != 0;

    /// <summary>Whether a reservation's linked granules are not simply its first <see cref="Extra"/> ones.</summary>
    public readonly bool IsSparse => (_owner & SparseFlag) != 0;

    /// <summary>Fills a free record.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Open(MappingKind kind, uint device, ulong offset, ulong length, bool isBounced = false, uint extra = 0)
    {
        _owner = (device & DeviceMask) | ((uint)kind << KindShift) | (isBounced ? BouncedFlag : 0);
        Extra = extra;
        Volatile.Write(ref _extent, Extent(offset, length));
    }

    /// <summary>Whether the record is of just this mapping.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Is(MappingKind kind, uint device, ulong offset, ulong length) =>
        _extent == Extent(offset, length) && (_owner & (DeviceMask | KindMask)) == ((device & DeviceMask) | ((uint)kind << KindShift)) && length != 0;

    /// <summary>Frees the record if it is of just this mapping; of two threads that try, one does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryClose(MappingKind kind, uint device, ulong offset, ulong length)
    {
        ulong extent = Extent(offset, length);
        return Is(kind, device, offset, length) && Interlocked.CompareExchange(ref _extent, 0, extent) == extent;
    }

    /// <summary>Notes that a part goes through a bounce slot.</summary>
    public void MarkBounced() => _owner |= BouncedFlag;

    /// <summary>Counts granules linked into a reservation.</summary>
    public void Link(uint first, uint count)
    {
        if (first != Extra)
        {
            _owner |= SparseFlag;
        }

        Extra += count;
    }

    /// <summary>Counts granules taken back out.</summary>
    public void Unlink(uint first, uint count)
    {
        if (first + count != Extra)
        {
            _owner |= SparseFlag;
        }

        Extra -= count;
        if (Extra == 0)
        {
            _owner &= ~(SparseFlag | BouncedFlag);
        }
    }

    private static ulong Extent(ulong offset, ulong length) => (length << OffsetBits) | offset;
}
