// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Linux.Interop;

namespace Physr.Linux.Waiting;

/// <summary>A descriptor that is ready.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public readonly struct PollEvent
{
    [FieldOffset(0)]
    private readonly uint _events;

    [FieldOffset(8)]
    private readonly ulong _token;

    internal PollEvent(EpollEvents events, ulong token) => (_events, _token) = ((uint)events, token);

    /// <summary>What it was added with.</summary>
    public ulong Token => _token;

    /// <summary>Whether there is something to read: for a socket, also that the other end is gone.</summary>
    public bool IsReadable => (_events & (uint)EpollEvents.EPOLLIN) != 0;

    /// <summary>Whether the other end is gone, or it failed. There may be something to read yet.</summary>
    public bool IsHungUp => (_events & (uint)(EpollEvents.EPOLLHUP | EpollEvents.EPOLLERR)) != 0;
}
