// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>Zstandard (<c>zstd.h</c>, of Debian's <c>libzstd-dev</c>).</summary>
internal static partial class LibZstd
{
    private const string Library = "libzstd.so.1";

    /// <summary><c>ZSTD_versionNumber</c>: major, minor and release in two digits each.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_versionNumber")]
    public static partial uint VersionNumber();

    /// <summary><c>ZSTD_compressBound</c>: the most bytes that so many can become.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_compressBound")]
    public static partial nuint CompressBound(nuint length);

    /// <summary><c>ZSTD_maxCLevel</c>: the highest level.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_maxCLevel")]
    public static partial int MaximumLevel();

    /// <summary><c>ZSTD_minCLevel</c>: the lowest level, less than 0.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_minCLevel")]
    public static partial int MinimumLevel();

    /// <summary><c>ZSTD_createCCtx</c>: 0 where memory is short.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_createCCtx")]
    public static partial nint CreateCompressor();

    /// <summary><c>ZSTD_freeCCtx</c>.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_freeCCtx")]
    public static partial nuint FreeCompressor(nint context);

    /// <summary><c>ZSTD_compressCCtx</c>: how many bytes they became, or an error (<see cref="IsError"/>).</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_compressCCtx")]
    // SAFETY: declarations alone; who calls vouches for both ends, and ZstdCompressor gives spans.
    public static unsafe partial nuint Compress(ZstdCompressorHandle context, byte* destination, nuint capacity, byte* source, nuint length, int level);

    /// <summary><c>ZSTD_createDCtx</c>: 0 where memory is short.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_createDCtx")]
    public static partial nint CreateDecompressor();

    /// <summary><c>ZSTD_freeDCtx</c>.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_freeDCtx")]
    public static partial nuint FreeDecompressor(nint context);

    /// <summary><c>ZSTD_decompressDCtx</c>: how many bytes they were, or an error (<see cref="IsError"/>). It reads and writes nowhere else, whatever the bytes.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_decompressDCtx")]
    public static unsafe partial nuint Decompress(ZstdDecompressorHandle context, byte* destination, nuint capacity, byte* source, nuint length);

    /// <summary><c>ZSTD_isError</c>: not 0 where a result is an error.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    public static partial uint IsError(nuint result);

    /// <summary><c>ZSTD_getErrorName</c>: a static text in ASCII.</summary>
    [LibraryImport(Library, EntryPoint = "ZSTD_getErrorName")]
    public static partial nint ErrorName(nuint result);
}
