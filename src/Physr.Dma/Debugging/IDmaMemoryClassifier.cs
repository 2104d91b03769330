// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>Says what memory is, for the checks that depend on it (classes 11, 12, 21 to 23 and 25).</summary>
public interface IDmaMemoryClassifier
{
    /// <summary>All kinds that bytes of a range are of. Must not allocate: asked for every map.</summary>
    /// <param name="range">The bytes; not empty.</param>
    DmaMemoryKinds Classify(PhysicalRange range);
}
