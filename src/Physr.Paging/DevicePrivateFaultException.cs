// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging;

/// <summary>A page that a lease asked for cannot be had: its store failed, or nobody serves it. The rest of the region goes on.</summary>
/// <remarks>A touch of the same page without a lease is a SIGBUS, which ends the process: never zeros, never old bytes.</remarks>
public sealed class DevicePrivateFaultException : PhysrException
{
    /// <summary>Makes an exception without details.</summary>
    public DevicePrivateFaultException()
    {
    }

    /// <summary>Makes an exception of a message.</summary>
    public DevicePrivateFaultException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception of a message and its cause.</summary>
    public DevicePrivateFaultException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception that names the page.</summary>
    /// <param name="operation">What was being done.</param>
    /// <param name="region">The region's name.</param>
    /// <param name="offset">The first byte of the page, from the region's start.</param>
    /// <param name="errno">The store's error.</param>
    /// <param name="detail">What the store said.</param>
    public DevicePrivateFaultException(string operation, string region, ulong offset, Errno errno, string detail)
        : base(operation, $"{region} page at 0x{offset:x}", errno, detail) => Offset = offset;

    /// <summary>The first byte of the page, from the region's start.</summary>
    public ulong Offset { get; }
}
