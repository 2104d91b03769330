// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Storage;

namespace Physr.Machine.Pmem;

/// <summary>A device's memory as bytes that survive a power cut, for as long as the run has them.</summary>
internal sealed class SparseMedia(SparseMemory memory) : PersistentMemory(memory.Name, memory.Length, PersistenceGranularity.CacheLine)
{
    /// <inheritdoc/>
    public override ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length) => WritableAt(offset, length);

    /// <inheritdoc/>
    public override Span<byte> WritableAt(ulong offset, ulong length) => offset >= Length ? default : memory.SpanAt(offset, Math.Min(length, Length - offset));
}
