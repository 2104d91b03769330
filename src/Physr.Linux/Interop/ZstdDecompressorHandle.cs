// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>A context of Zstandard, for one call at a time; freed once, also where nobody disposes of it.</summary>
internal sealed class ZstdDecompressorHandle : SafeHandle
{
    /// <summary>Makes a context; <see cref="IsInvalid"/> where memory is short.</summary>
    public ZstdDecompressorHandle()
        : base(0, ownsHandle: true) => SetHandle(LibZstd.CreateDecompressor());

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibZstd.IsError(LibZstd.FreeDecompressor(handle)) == 0;
}
