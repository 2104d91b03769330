// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>A range whose faults are asked for (<c>struct uffdio_register</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct UffdioRegister
{
    /// <summary><c>range.start</c>.</summary>
    [FieldOffset(0)]
    public ulong Start;

    /// <summary><c>range.len</c>, in bytes.</summary>
    [FieldOffset(8)]
    public ulong Length;

    /// <summary><c>mode</c>.</summary>
    [FieldOffset(16)]
    public UffdRegisterMode Mode;

    /// <summary><c>ioctls</c>: the commands that this range has.</summary>
    [FieldOffset(24)]
    public ulong Ioctls;
}
