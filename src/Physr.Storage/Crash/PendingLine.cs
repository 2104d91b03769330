// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Crash;

/// <summary>The stores to one line that are not durable yet, and how many of them the scratch image shows.</summary>
internal sealed class PendingLine(int medium, int line)
{
    private readonly List<(int At, ulong Value)> _stores = [];

    /// <summary>The medium's place in the trace.</summary>
    public int Medium => medium;

    /// <summary>The line's first byte.</summary>
    public int Offset => line * PersistentMemory.LineBytes;

    /// <summary>How many stores there are.</summary>
    public int Count => _stores.Count;

    /// <summary>How many of them were flushed: the next fence makes them durable.</summary>
    public int Flushed { get; set; }

    /// <summary>How many of them the scratch image shows.</summary>
    public int Shown { get; private set; }

    public void Add(int at, ulong value) => _stores.Add((at, value));

    /// <summary>Makes the scratch image hold the first <paramref name="count"/> stores.</summary>
    public void Show(int count, byte[] scratch, byte[] durable)
    {
        if (count < Shown)
        {
            durable.AsSpan(Offset, PersistentMemory.LineBytes).CopyTo(scratch.AsSpan(Offset));
            Shown = 0;
        }

        for (; Shown < count; Shown++)
        {
            Put(scratch, _stores[Shown]);
        }
    }

    /// <summary>Makes the flushed stores durable. The scratch image shows none of them before.</summary>
    public void Fence(byte[] scratch, byte[] durable)
    {
        for (int i = 0; i < Flushed; i++)
        {
            Put(durable, _stores[i]);
            Put(scratch, _stores[i]);
        }

        _stores.RemoveRange(0, Flushed);
        Flushed = 0;
    }

    private static void Put(byte[] image, (int At, ulong Value) store) => BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(store.At), store.Value);
}
