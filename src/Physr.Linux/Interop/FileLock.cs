// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>A range of a file and who may use it (<c>struct flock</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct FileLock
{
    /// <summary><c>l_type</c>.</summary>
    [FieldOffset(0)]
    public LockType Type;

    /// <summary><c>l_whence</c>.</summary>
    [FieldOffset(2)]
    public LockOrigin Whence;

    /// <summary><c>l_start</c>.</summary>
    [FieldOffset(8)]
    public long Start;

    /// <summary><c>l_len</c>: 0 is to the end, however far it moves.</summary>
    [FieldOffset(16)]
    public long Length;

    /// <summary><c>l_pid</c>: 0 for locks of open files.</summary>
    [FieldOffset(24)]
    public int Process;
}
