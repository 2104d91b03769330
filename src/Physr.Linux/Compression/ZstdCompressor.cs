// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Linux.Interop;

namespace Physr.Linux.Compression;

/// <summary>Zstandard frames, by the system's <c>libzstd.so.1</c>: smaller than LZ4's blocks, and slower. Its contexts are memory of the library, which it keeps from call to call.</summary>
public sealed unsafe class ZstdCompressor : IPageCompressor
{
    private const uint Version13 = 10_300;

    private readonly ZstdCompressorHandle _compressor;
    private readonly ZstdDecompressorHandle _decompressor;
    private readonly int _level;
    private nuint _failure;

    private ZstdCompressor(ZstdCompressorHandle compressor, ZstdDecompressorHandle decompressor, int level) => (_compressor, _decompressor, _level) = (compressor, decompressor, level);

    /// <inheritdoc/>
    public string Name => "zstd";

    /// <summary>What the library said of the last call that failed; empty as long as none did.</summary>
    public string LastError => _failure == 0 ? "" : Marshal.PtrToStringAnsi(LibZstd.ErrorName(_failure)) ?? "";

    /// <summary>Makes a compressor.</summary>
    /// <param name="level">1 is fast, 3 usual, 19 small and slow; below 0 is faster yet.</param>
    /// <param name="compressor">The compressor; null on failure.</param>
    /// <param name="reason">What to install, or which levels there are; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/> where the library is missing; <see cref="Errno.EINVAL"/> for such a level; <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryCreate(int level, out ZstdCompressor? compressor, out string reason)
    {
        compressor = null;
        Errno errno = NativeLibraryProbe.TryCall("libzstd.so.1", "libzstd1", static () => LibZstd.VersionNumber(), Version13, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (level == 0 || level < LibZstd.MinimumLevel() || level > LibZstd.MaximumLevel())
        {
            reason = $"zstd has no level {level}: {LibZstd.MinimumLevel()} to {LibZstd.MaximumLevel()} are, without 0";
            return Errno.EINVAL;
        }

        ZstdCompressorHandle first = new();
        ZstdDecompressorHandle second = new();
        if (first.IsInvalid || second.IsInvalid)
        {
            first.Dispose();
            second.Dispose();
            reason = "there is no memory for a context of zstd";
            return Errno.ENOMEM;
        }

        compressor = new(first, second, level);
        return Errno.None;
    }

    /// <inheritdoc/>
    public int Bound(int length) => (int)LibZstd.CompressBound((nuint)length);

    /// <inheritdoc/>
    public bool TryCompress(ReadOnlySpan<byte> source, Span<byte> destination, out int written)
    {
        // SAFETY: both spans are pinned during the call, which is told their lengths and keeps to them.
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            written = 0;
            return source.Length <= IPageCompressor.MostBytes
                && IsGood(LibZstd.Compress(_compressor, to, (nuint)destination.Length, from, (nuint)source.Length, _level), out written);
        }
    }

    /// <inheritdoc/>
    public bool TryDecompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        // SAFETY: both spans are pinned during the call, which is told their lengths and keeps to them, whatever the bytes.
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            return source.Length != 0 && IsGood(LibZstd.Decompress(_decompressor, to, (nuint)destination.Length, from, (nuint)source.Length), out int length) && length == destination.Length;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _compressor.Dispose();
        _decompressor.Dispose();
    }

    private bool IsGood(nuint result, out int length)
    {
        bool isGood = LibZstd.IsError(result) == 0;
        length = isGood ? (int)result : 0;
        _failure = isGood ? _failure : result;
        return isGood;
    }
}
