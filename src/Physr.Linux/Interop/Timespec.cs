// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>A time (<c>struct timespec</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct Timespec
{
    /// <summary><c>tv_sec</c>.</summary>
    [FieldOffset(0)]
    public long Seconds;

    /// <summary><c>tv_nsec</c>.</summary>
    [FieldOffset(8)]
    public long Nanoseconds;
}
