// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>A message (<c>struct msghdr</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 56)]
internal struct MessageHeader
{
    /// <summary><c>msg_name</c>.</summary>
    [FieldOffset(0)]
    public nint Name;

    /// <summary><c>msg_namelen</c>.</summary>
    [FieldOffset(8)]
    public uint NameLength;

    /// <summary><c>msg_iov</c>.</summary>
    [FieldOffset(16)]
    public nint Vectors;

    /// <summary><c>msg_iovlen</c>.</summary>
    [FieldOffset(24)]
    public nuint VectorCount;

    /// <summary><c>msg_control</c>.</summary>
    [FieldOffset(32)]
    public nint Control;

    /// <summary><c>msg_controllen</c>.</summary>
    [FieldOffset(40)]
    public nuint ControlLength;

    /// <summary><c>msg_flags</c>.</summary>
    [FieldOffset(48)]
    public MessageFlags Flags;
}
