// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Devices;

/// <summary>Host memory that one device can reach: queues, lists, small messages.</summary>
public interface IDeviceBuffer : IDisposable
{
    /// <summary>The bytes, as the CPU sees them.</summary>
    Span<byte> Bytes { get; }

    /// <summary>Where the device sees the first byte.</summary>
    DmaAddress Address { get; }
}
