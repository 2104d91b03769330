// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>A descriptor to wait for (<c>struct pollfd</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
internal struct PollDescriptor
{
    /// <summary><c>fd</c>.</summary>
    [FieldOffset(0)]
    public int Descriptor;

    /// <summary><c>events</c>: waited for.</summary>
    [FieldOffset(4)]
    public PollEvents Events;

    /// <summary><c>revents</c>: met.</summary>
    [FieldOffset(6)]
    public PollEvents Met;
}
