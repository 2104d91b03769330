// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>Who is at the other end (<c>struct ucred</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 12)]
internal struct PeerCredentials
{
    /// <summary><c>pid</c>.</summary>
    [FieldOffset(0)]
    public int ProcessId;

    /// <summary><c>uid</c>.</summary>
    [FieldOffset(4)]
    public uint UserId;

    /// <summary><c>gid</c>.</summary>
    [FieldOffset(8)]
    public uint GroupId;
}
