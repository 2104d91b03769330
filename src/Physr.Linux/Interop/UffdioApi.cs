// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>The handshake (<c>struct uffdio_api</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct UffdioApi
{
    /// <summary>The only version (<c>UFFD_API</c>).</summary>
    public const ulong Version = 0xaa;

    /// <summary><c>api</c>: <c>UFFD_API</c>.</summary>
    [FieldOffset(0)]
    public ulong Api;

    /// <summary><c>features</c>: asked for; then all there are.</summary>
    [FieldOffset(8)]
    public UffdFeature Features;

    /// <summary><c>ioctls</c>: one bit for each command there is.</summary>
    [FieldOffset(16)]
    public ulong Ioctls;
}
