// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;

namespace Physr.Dma.Tracing;

/// <summary>Memory as the trace itself told it, just before the map that it is about.</summary>
internal sealed class RecordedMemory : IDmaMemoryClassifier
{
    // A trace may hold any number of such lines without a map.
    private const int MostExpected = 1 << 20;

    private readonly Queue<(PhysicalRange Range, DmaMemoryKinds Kinds)> _expected = [];

    public void Expect(PhysicalRange range, DmaMemoryKinds kinds)
    {
        if (_expected.Count < MostExpected)
        {
            _expected.Enqueue((range, kinds));
        }
    }

    public void Forget() => _expected.Clear();

    public DmaMemoryKinds Classify(PhysicalRange range)
    {
        if (!_expected.TryPeek(out (PhysicalRange Range, DmaMemoryKinds Kinds) next) || next.Range != range)
        {
            return DmaMemoryKinds.Unknown;
        }

        _expected.Dequeue();
        return next.Kinds;
    }
}
