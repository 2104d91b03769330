// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>From address to owner in two to five loads: an immutable radix table down to 4 KiB granules (rows R7a, R45).</summary>
/// <remarks>
/// <para>The top level has a slot per GiB, up to the highest owned one and at most to 2^48. A slot that nobody has bytes in, that one owner fills, or that at most two
/// runs of bytes share is a leaf; else it leads to 512 slots of 2 MiB, and those to 512 slots of 4 KiB where needed: ranges that begin and end anywhere cost no
/// more memory than aligned ones until they are dense. A granule with three runs and more, and addresses from 2^48 on, are answered by binary search.</para>
/// <para>Slots are 32 bits: 0 nobody; bit 31 set: the slot index of a child; bit 30 set: shared by the segment of that number plus one and the next, or
/// <see cref="SearchMark"/>; else a segment's number plus one. Readers need no lock, since a table never changes: a change builds another one.</para>
/// </remarks>
public sealed partial class OwnerTable
{
    private const int TopShift = 30;
    private const int MiddleShift = 21;
    private const int FanOut = 512;
    private const uint Child = 0x8000_0000;
    private const uint Shared = 0x4000_0000;
    private const uint SearchMark = 0x7fff_ffff;
    private const ulong RadixEnd = 1UL << 48;

    private readonly uint[] _slots;
    private readonly uint _topCount;

    // Parallel, ascending, and one longer than the segments: a run that begins and ends at the end of all addresses follows them, so that each has a next.
    private readonly Segment[] _segments;
    private readonly ulong[] _starts;

    private OwnerTable(uint[] slots, uint topCount, Segment[] segments, ulong[] starts)
    {
        _starts = starts;
        _slots = slots;
        _topCount = topCount;
        _segments = segments;
    }

    /// <summary>A table in which nobody owns anything.</summary>
    public static OwnerTable Empty { get; } = new([], 0, [Segment.Last], [ulong.MaxValue]);

    /// <summary>How many runs of bytes have one owner.</summary>
    public int SegmentCount => _segments.Length - 1;

    /// <summary>Managed bytes the table takes.</summary>
    public long SizeBytes => ((long)_slots.Length * sizeof(uint)) + ((long)_segments.Length * (Unsafe.SizeOf<Segment>() + sizeof(ulong)));

    /// <summary>Finds the owner of an address. Allocates nothing and never waits.</summary>
    /// <returns>False when nobody owns it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(PhysicalAddress address, out Owner owner)
    {
        ulong value = address.Value;
        ulong top = value >> TopShift;
        if (top < _topCount)
        {
            ref uint slots = ref MemoryMarshal.GetArrayDataReference(_slots);

            // SAFETY: the builder gave the top level _topCount slots and each child FanOut slots inside the same array, and segment numbers below SegmentCount, where
            // both other arrays have one element more; none is written after.
            uint slot = Unsafe.Add(ref slots, (nint)top);
            if ((int)slot < 0)
            {
                slot = Unsafe.Add(ref slots, (nint)((slot & ~Child) + (uint)((value >> MiddleShift) & (FanOut - 1))));
                if ((int)slot < 0)
                {
                    slot = Unsafe.Add(ref slots, (nint)((slot & ~Child) + (uint)((value >> PageSize.Shift4K) & (FanOut - 1))));
                }
            }

            if (slot - 1 < Shared - 1)
            {
                ref Segment segment = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_segments), (nint)(slot - 1));
                owner = new(new(segment.Provider), segment.End - value);
                return true;
            }

            if (slot == 0)
            {
                owner = default;
                return false;
            }

            if (slot != SearchMark)
            {
                nint number = (nint)((slot & ~Shared) - 1);
                ref Segment segment = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_segments), number);
                if (segment.End <= value)
                {
                    segment = ref Unsafe.Add(ref segment, 1);
                    number++;
                }

                ulong start = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_starts), number);
                if (value - start < segment.End - start)
                {
                    owner = new(new(segment.Provider), segment.End - value);
                    return true;
                }

                owner = default;
                return false;
            }
        }

        return TrySearch(value, out owner);
    }

    /// <summary>The same answer by binary search over the segments: for granules with several owners, and for addresses beyond the radix.</summary>
    private bool TrySearch(ulong value, out Owner owner)
    {
        int low = 0;
        int high = SegmentCount;
        while (low < high)
        {
            int middle = (int)((uint)(low + high) >> 1);
            if (_segments[middle].End > value)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        bool found = low < SegmentCount && _starts[low] <= value;
        owner = found ? new(new(_segments[low].Provider), _segments[low].End - value) : default;
        return found;
    }

    /// <summary>A run of bytes with one owner: what a look-up needs, in 16 bytes; where it starts is kept apart, for the search.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private readonly struct Segment(ulong end, uint provider)
    {
        /// <summary>Follows every other, and nothing is in it.</summary>
        public static Segment Last => new(ulong.MaxValue, 0);

        public readonly ulong End = end;
        public readonly uint Provider = provider;
    }
}
