// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma;

/// <summary>Why a list could not be mapped. Two kinds are told apart (row R53c): <see cref="Errno.EREMOTEIO"/> and <see cref="Errno.EIO"/> say never, for this
/// device and these bytes; <see cref="Errno.ENOMEM"/> and <see cref="Errno.ENODEV"/> say not now.</summary>
/// <param name="Errno">The kind.</param>
/// <param name="Detail">Which device, which bytes, why.</param>
public sealed record DmaMapError(Errno Errno, string Detail)
{
    /// <summary>Whether trying again later can succeed.</summary>
    public bool IsRetryable => Errno is Errno.ENOMEM or Errno.EAGAIN or Errno.ENODEV;

    /// <summary>The kind and the detail.</summary>
    public override string ToString() => $"{Errno}: {Detail}";
}
