// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Devices;

/// <summary>Host memory that one device can reach: queues, lists, small messages. Disposal gives it back.</summary>
public interface IDeviceBuffer : IDisposable
{
    /// <summary>The bytes, as the CPU sees them.</summary>
    Span<byte> Bytes { get; }

    /// <summary>Where the device sees the first byte; 4 KiB aligned.</summary>
    DmaAddress Address { get; }
}
