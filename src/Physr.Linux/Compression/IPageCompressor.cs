// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Compression;

/// <summary>Makes few bytes of many and gets them back. For one call at a time; no call allocates.</summary>
public interface IPageCompressor : IDisposable
{
    /// <summary>The format's name.</summary>
    string Name { get; }

    /// <summary>The most bytes that so many can become.</summary>
    /// <param name="length">Bytes, no more than <see cref="MostBytes"/>.</param>
    int Bound(int length);

    /// <summary>The most bytes of one call.</summary>
    const int MostBytes = 1 << 24;

    /// <summary>Compresses.</summary>
    /// <param name="source">Bytes that nobody changes during the call.</param>
    /// <param name="destination">Where they go.</param>
    /// <param name="written">How many they became; 0 where they do not fit.</param>
    /// <returns>Whether they fit.</returns>
    bool TryCompress(ReadOnlySpan<byte> source, Span<byte> destination, out int written);

    /// <summary>Decompresses what may be anything: bytes that no compressor made are refused, and nothing outside of the spans is touched. Nobody changes the source during the call: copy what others can write to.</summary>
    /// <param name="source">The bytes, no fewer and no more than were written.</param>
    /// <param name="destination">As long as what was compressed. On failure it may hold anything.</param>
    /// <returns>Whether these bytes are what so many were compressed to.</returns>
    bool TryDecompress(ReadOnlySpan<byte> source, Span<byte> destination);
}
