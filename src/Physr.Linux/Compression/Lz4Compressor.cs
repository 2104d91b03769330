// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Compression;

/// <summary>LZ4 blocks, by the system's <c>liblz4.so.1</c>: fast, and half as small as it could be. It keeps nothing from call to call.</summary>
public sealed unsafe class Lz4Compressor : IPageCompressor
{
    private const uint Version17 = 10_700;

    private readonly int _acceleration;

    private Lz4Compressor(int acceleration) => _acceleration = acceleration;

    /// <inheritdoc/>
    public string Name => "lz4";

    /// <summary>Makes a compressor.</summary>
    /// <param name="acceleration">1 for the smallest result; each step more is some 3 % faster.</param>
    /// <param name="compressor">The compressor; null on failure.</param>
    /// <param name="reason">What to install; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/> where the library is missing; <see cref="Errno.EINVAL"/> for such an acceleration.</returns>
    public static Errno TryCreate(int acceleration, out Lz4Compressor? compressor, out string reason)
    {
        compressor = null;
        if (acceleration is < 1 or > 65_537)
        {
            reason = $"lz4 has no acceleration {acceleration}: 1 to 65537 are";
            return Errno.EINVAL;
        }

        Errno errno = NativeLibraryProbe.TryCall("liblz4.so.1", "liblz4-1", static () => (uint)LibLz4.VersionNumber(), Version17, out reason);
        compressor = errno == Errno.None ? new(acceleration) : null;
        return errno;
    }

    /// <inheritdoc/>
    public int Bound(int length) => LibLz4.CompressBound(length);

    /// <inheritdoc/>
    public bool TryCompress(ReadOnlySpan<byte> source, Span<byte> destination, out int written)
    {
        // SAFETY: both spans are pinned during the call, which is told their lengths and keeps to them.
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            written = source.Length <= IPageCompressor.MostBytes ? LibLz4.CompressFast(from, to, source.Length, destination.Length, _acceleration) : 0;
            return written > 0;
        }
    }

    /// <inheritdoc/>
    public bool TryDecompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        // SAFETY: both spans are pinned during the call, which is told their lengths and keeps to them, whatever the bytes.
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            return source.Length != 0 && LibLz4.DecompressSafe(from, to, source.Length, destination.Length) == destination.Length;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // It has nothing to let go of; others of its kind have.
    }
}
