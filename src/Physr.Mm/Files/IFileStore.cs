// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Where the bytes of a <see cref="StoredFile"/> live.</summary>
public interface IFileStore
{
    /// <summary>Bytes at the start.</summary>
    ulong Length { get; }

    /// <summary>Reads a page.</summary>
    /// <param name="offset">A multiple of 4 KiB.</param>
    /// <param name="page">4 KiB; what lies beyond the store's end is to be zero.</param>
    /// <returns><see cref="Errno.EIO"/> where it cannot be read.</returns>
    Errno Read(ulong offset, Span<byte> page);

    /// <summary>Writes a page back.</summary>
    /// <param name="offset">A multiple of 4 KiB.</param>
    /// <param name="page">4 KiB or, at the end of the file, less.</param>
    /// <returns><see cref="Errno.EIO"/> where it cannot be written; the page stays dirty.</returns>
    Errno Write(ulong offset, ReadOnlySpan<byte> page);
}
