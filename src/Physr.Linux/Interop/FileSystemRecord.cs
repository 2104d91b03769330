// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>What is known of a file system (<c>struct statfs</c>); the parts that are read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 120)]
internal struct FileSystemRecord
{
    /// <summary><c>f_type</c>.</summary>
    [FieldOffset(0)]
    public FileSystemMagic Type;

    /// <summary><c>f_bsize</c>.</summary>
    [FieldOffset(8)]
    public long BlockSize;

    /// <summary><c>f_bavail</c>: free blocks for this user.</summary>
    [FieldOffset(32)]
    public long Available;
}
