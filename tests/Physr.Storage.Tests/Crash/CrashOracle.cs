// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Tests.Crash;

/// <summary>Says in the plainest way which images a few stores, flushes and fences can leave. It knows nothing of the simulator: lists, copies and recursion.</summary>
internal sealed class CrashOracle(int length)
{
    private readonly List<List<(int At, ulong Value)>> _stores = [.. Enumerable.Range(0, length / 64).Select(static _ => new List<(int, ulong)>())];
    private readonly int[] _flushed = new int[length / 64];
    private readonly int[] _durable = new int[length / 64];

    public void Store(int at, ulong value) => _stores[at / 64].Add((at, value));

    public void Flush(int line) => _flushed[line] = _stores[line].Count;

    public void Fence() => _flushed.CopyTo(_durable, 0);

    /// <summary>How many choices a cut now has.</summary>
    public long StateCount() => _stores.Select((stores, line) => stores.Count - _durable[line] + 1L).Aggregate(1L, static (product, choices) => product * choices);

    /// <summary>Every image that a cut now can leave, as text.</summary>
    public HashSet<string> Images()
    {
        HashSet<string> images = new(StringComparer.Ordinal);
        Choose(0, new byte[length], images);
        return images;
    }

    private void Choose(int line, byte[] image, HashSet<string> images)
    {
        if (line == _stores.Count)
        {
            images.Add(Convert.ToHexString(image));
            return;
        }

        for (int survived = _durable[line]; survived <= _stores[line].Count; survived++)
        {
            byte[] copy = [.. image];
            foreach ((int at, ulong value) in _stores[line].Take(survived))
            {
                BinaryPrimitives.WriteUInt64LittleEndian(copy.AsSpan(at), value);
            }

            Choose(line + 1, copy, images);
        }
    }
}
