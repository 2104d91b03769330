// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>From address to owner in two to four loads: an immutable radix table at 4 KiB granules (rows R7a, R45).</summary>
/// <remarks>
/// <para>The top level has a slot per GiB, up to the highest owned one and at most to 2^48; a slot that one owner fills, or none, is a leaf; else it leads to 512
/// slots of 2 MiB, and those to 512 slots of 4 KiB where needed. A granule with several owners, and addresses from 2^48 on, are answered by binary search.</para>
/// <para>Slots are 32 bits: 0 nobody; bit 31 set: the slot index of a child; else a segment's number plus one, where the number
/// <see cref="SearchMark"/> asks for the search. Readers need no lock, since a table never changes: a change builds another one.</para>
/// </remarks>
public sealed partial class OwnerTable
{
    private const int TopShift = 30;
    private const int MiddleShift = 21;
    private const int FanOut = 512;
    private const uint Child = 0x8000_0000;
    private const uint SearchMark = 0x7fff_ffff;
    private const ulong RadixEnd = 1UL << 48;

    private readonly uint[] _slots;
    private readonly uint _topCount;
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
    public static OwnerTable Empty { get; } = new([], 0, [], []);

    /// <summary>How many runs of bytes have one owner.</summary>
    public int SegmentCount => _segments.Length;

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

            // SAFETY: the builder gave the top level _topCount slots and each child FanOut slots inside the same array, and segment numbers below
            // _segments.Length; the array is never written after.
            uint slot = Unsafe.Add(ref slots, (nint)top);
            if ((int)slot < 0)
            {
                slot = Unsafe.Add(ref slots, (nint)((slot & ~Child) + (uint)((value >> MiddleShift) & (FanOut - 1))));
                if ((int)slot < 0)
                {
                    slot = Unsafe.Add(ref slots, (nint)((slot & ~Child) + (uint)((value >> PageSize.Shift4K) & (FanOut - 1))));
                }
            }

            if (slot - 1 < SearchMark - 1)
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
        }

        return TrySearch(value, out owner);
    }

    /// <summary>The same answer by binary search over the segments: for granules with several owners, and for addresses beyond the radix.</summary>
    private bool TrySearch(ulong value, out Owner owner)
    {
        int low = 0;
        int high = _segments.Length;
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

        bool found = low < _segments.Length && _starts[low] <= value;
        owner = found ? new(new(_segments[low].Provider), _segments[low].End - value) : default;
        return found;
    }

    /// <summary>A run of bytes with one owner: what a look-up needs, in 16 bytes; where it starts is kept apart, for the search.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private readonly struct Segment(ulong end, uint provider)
    {
        public readonly ulong End = end;
        public readonly uint Provider = provider;
    }
}
