// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;

namespace Physr.Paging.Client;

/// <summary>A lease that can be kept: it ends when this is disposed of.</summary>
internal sealed class LeasedMemory : IMemoryOwner<byte>
{
    private readonly ulong _offset;
    private readonly int _length;
    private DevicePrivateRegion? _region;

    /// <summary>Takes over a lease.</summary>
    public LeasedMemory(DevicePrivateRegion region, ulong offset, int length)
    {
        _region = region;
        _offset = offset;
        _length = length;
    }

    /// <inheritdoc/>
    public Memory<byte> Memory => (_region ?? throw new ObjectDisposedException(nameof(LeasedMemory))).Memory(_offset, _length);

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _region, null)?.Release(_offset, (ulong)_length);
}
