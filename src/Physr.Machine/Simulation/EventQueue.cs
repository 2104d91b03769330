// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Machine.Simulation;

/// <summary>The events that wait, earliest first: by moment, then by a drawn number, then by the order in which they were asked for.</summary>
/// <remarks>A four-way heap of keys alone. What an event does is kept beside it in places that are used again, so that ordering moves no references.</remarks>
internal sealed class EventQueue
{
    private const int Ways = 4;

    private Key[] _heap = new Key[256];
    private Event[] _events = new Event[256];
    private int[] _free = new int[256];
    private int _used;
    private int _freeCount;
    private ulong _sequence;

    /// <summary>How many wait.</summary>
    public int Count { get; private set; }

    public void Enqueue(ulong time, ulong tie, in Event what)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * Count);
            Array.Resize(ref _events, 2 * Count);
            Array.Resize(ref _free, 2 * Count);
        }

        int place = _freeCount != 0 ? _free[--_freeCount] : _used++;
        _events[place] = what;
        Key key = new(time, tie, _sequence++, place);
        Key[] heap = _heap;
        int hole = Count++;
        while (hole != 0 && key.IsBefore(heap[(hole - 1) / Ways]))
        {
            heap[hole] = heap[(hole - 1) / Ways];
            hole = (hole - 1) / Ways;
        }

        heap[hole] = key;
    }

    public bool TryDequeue(out Event what, out ulong time)
    {
        if (Count == 0)
        {
            what = default;
            time = 0;
            return false;
        }

        Key[] heap = _heap;
        Key first = heap[0];
        time = first.Time;
        what = _events[first.Place];
        _events[first.Place] = default;
        _free[_freeCount++] = first.Place;
        Count--;
        SiftDown(heap, heap[Count]);
        return true;
    }

    private void SiftDown(Key[] heap, Key last)
    {
        int hole = 0;
        while ((hole * Ways) + 1 < Count)
        {
            int least = (hole * Ways) + 1;
            int end = Math.Min(least + Ways, Count);
            for (int child = least + 1; child < end; child++)
            {
                least = heap[child].IsBefore(heap[least]) ? child : least;
            }

            if (!heap[least].IsBefore(last))
            {
                break;
            }

            heap[hole] = heap[least];
            hole = least;
        }

        heap[hole] = last;
    }

    /// <summary>What happens.</summary>
    internal readonly record struct Event(ISimulated Target, int Kind, ulong Argument);

    [StructLayout(LayoutKind.Auto)]
    private readonly struct Key(ulong time, ulong tie, ulong sequence, int place)
    {
        public readonly ulong Time = time;
        public readonly ulong Tie = tie;
        public readonly ulong Sequence = sequence;
        public readonly int Place = place;

        public bool IsBefore(in Key other) =>
            Time != other.Time ? Time < other.Time
            : Tie != other.Tie ? Tie < other.Tie
            : Sequence < other.Sequence;
    }
}
