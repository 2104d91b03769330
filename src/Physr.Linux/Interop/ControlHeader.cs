// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>The start of a control message (<c>struct cmsghdr</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct ControlHeader
{
    /// <summary><c>cmsg_len</c>, with this.</summary>
    [FieldOffset(0)]
    public nuint Length;

    /// <summary><c>cmsg_level</c>.</summary>
    [FieldOffset(8)]
    public SocketLevel Level;

    /// <summary><c>cmsg_type</c>.</summary>
    [FieldOffset(12)]
    public ControlKind Kind;
}
