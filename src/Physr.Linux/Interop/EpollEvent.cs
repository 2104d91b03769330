// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>What was met (<c>struct epoll_event</c>) on x86-64, where the compiler is told to leave no gap.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12)]
internal struct EpollEvent
{
    /// <summary><c>events</c>.</summary>
    [FieldOffset(0)]
    public EpollEvents Events;

    /// <summary><c>data.u64</c>.</summary>
    [FieldOffset(4)]
    public ulong Token;
}
