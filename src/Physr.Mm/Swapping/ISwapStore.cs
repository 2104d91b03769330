// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Where the bytes of a <see cref="SwapArea"/> live.</summary>
public interface ISwapStore
{
    /// <summary>How many pages it holds.</summary>
    ulong Pages { get; }

    /// <summary>Reads the page of a slot.</summary>
    /// <returns><see cref="Errno.EIO"/> where it cannot.</returns>
    Errno Read(ulong slot, Span<byte> page);

    /// <summary>Writes the page of a slot.</summary>
    /// <returns><see cref="Errno.EIO"/> where it cannot.</returns>
    Errno Write(ulong slot, ReadOnlySpan<byte> page);
}
