// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Linux.Compression;

namespace Physr.Paging.Stores;

/// <summary>A compressor and the memory for one blob, for whoever holds its lock.</summary>
internal sealed unsafe class CompressorLane(IPageCompressor compressor) : IDisposable
{
    // SAFETY: one page, of the C library's heap, until Dispose; whoever holds the lock of a store that is not disposed of uses it.
    private byte* _blob = (byte*)NativeMemory.AlignedAlloc(PageStore.PageBytes, PageStore.PageBytes);

    /// <summary>Held while <see cref="Compressor"/> or <see cref="Blob"/> is used.</summary>
    public Lock Lock { get; } = new();

    /// <summary>The compressor.</summary>
    public IPageCompressor Compressor { get; } = compressor;

    /// <summary>Room for a blob, at an address that does not change.</summary>
    public Span<byte> Blob => new(_blob, PageStore.PageBytes);

    /// <summary>That address.</summary>
    public nint BlobAddress => (nint)_blob;

    /// <inheritdoc/>
    public void Dispose()
    {
        Compressor.Dispose();
        NativeMemory.AlignedFree(_blob);
        _blob = null;
    }
}
