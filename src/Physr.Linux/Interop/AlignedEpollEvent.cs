// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>What was met (<c>struct epoll_event</c>) everywhere but on x86-64.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct AlignedEpollEvent
{
    /// <summary><c>events</c>.</summary>
    [FieldOffset(0)]
    public EpollEvents Events;

    /// <summary><c>data.u64</c>.</summary>
    [FieldOffset(8)]
    public ulong Token;
}
