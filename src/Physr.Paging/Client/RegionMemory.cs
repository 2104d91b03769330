// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;

namespace Physr.Paging.Client;

/// <summary>A part of a region as <see cref="Memory{T}"/>.</summary>
internal sealed unsafe class RegionMemory : MemoryManager<byte>
{
    private readonly DevicePrivateRegion _region;
    private readonly ulong _offset;
    private readonly int _length;

    /// <summary>Names a part.</summary>
    public RegionMemory(DevicePrivateRegion region, ulong offset, int length)
    {
        _region = region;
        _offset = offset;
        _length = length;
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => _region.Span(_offset, _length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        // SAFETY: native memory does not move; the handle has nothing to let go of.
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length, nameof(elementIndex));
        return new(_region.Pointer + _offset + elementIndex);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
