// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>What became of a child (<c>siginfo_t</c>); the parts that are read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct ChildStatus
{
    /// <summary><c>si_code</c>.</summary>
    [FieldOffset(8)]
    public ChildCode Code;

    /// <summary><c>si_pid</c>: 0 where nothing became of it.</summary>
    [FieldOffset(16)]
    public int ProcessId;

    /// <summary><c>si_status</c>: its exit code, or the signal.</summary>
    [FieldOffset(24)]
    public int Status;
}
