// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>Pages that the kernel mapped; let go of once, also where nobody disposes of them.</summary>
internal sealed class MappedMemory : SafeHandle
{
    private readonly nuint _length;

    /// <summary>Takes over pages.</summary>
    /// <param name="address">The first, of <c>mmap</c>.</param>
    /// <param name="length">Bytes.</param>
    public MappedMemory(nint address, nuint length)
        : base(LibC.MapFailed, ownsHandle: true)
    {
        SetHandle(address);
        _length = length;
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == LibC.MapFailed;

    /// <summary>The first byte. Ask only while it is held.</summary>
    public nint Address => handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibC.Munmap(handle, _length) == 0;
}
