// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Host;

/// <summary>A first-in, first-out queue of indices below its capacity, each in it at most once: it never grows.</summary>
internal sealed class IndexRing
{
    private readonly int[] _items;
    private int _head;

    public IndexRing(int capacity) => _items = new int[capacity];

    public int Count { get; private set; }

    public int First => _items[_head];

    public void Push(int index)
    {
        if (Count == _items.Length)
        {
            throw new InvalidOperationException($"The ring already holds {Count} indices.");
        }

        _items[(_head + Count) % _items.Length] = index;
        Count++;
    }

    public int Pop()
    {
        if (Count == 0)
        {
            throw new InvalidOperationException("The ring is empty.");
        }

        int index = _items[_head];
        _head = (_head + 1) % _items.Length;
        Count--;
        return index;
    }
}
