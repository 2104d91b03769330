// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>LZ4's block format (<c>lz4.h</c>, of Debian's <c>liblz4-dev</c>). None of these needs a context.</summary>
internal static partial class LibLz4
{
    private const string Library = "liblz4.so.1";

    /// <summary><c>LZ4_versionNumber</c>: major, minor and release in two digits each.</summary>
    [LibraryImport(Library, EntryPoint = "LZ4_versionNumber")]
    public static partial int VersionNumber();

    /// <summary><c>LZ4_compressBound</c>: the most bytes that so many can become; 0 for a length that is too large.</summary>
    [LibraryImport(Library, EntryPoint = "LZ4_compressBound")]
    public static partial int CompressBound(int length);

    /// <summary><c>LZ4_compress_fast</c>: how many bytes they became; 0 where they do not fit.</summary>
    [LibraryImport(Library, EntryPoint = "LZ4_compress_fast")]
    // SAFETY: declarations alone; who calls vouches for both ends, and Lz4Compressor gives spans.
    public static unsafe partial int CompressFast(byte* source, byte* destination, int length, int capacity, int acceleration);

    /// <summary><c>LZ4_decompress_safe</c>: how many bytes they were; less than 0 for bytes that LZ4 never made. It reads and writes nowhere else, whatever the bytes.</summary>
    [LibraryImport(Library, EntryPoint = "LZ4_decompress_safe")]
    public static unsafe partial int DecompressSafe(byte* source, byte* destination, int length, int capacity);
}
