// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Waiting;

/// <summary>Waits for any of many descriptors (<c>epoll(7)</c>), as long as they are ready (level-triggered).</summary>
public sealed class EventPoll : IDisposable
{
    // On x86-64 the kernel leaves no gap between the events and the token, elsewhere it does.
    private static readonly bool s_isPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private EventPoll(SafeFileHandle handle) => Handle = handle;

    /// <summary>The descriptor: readable when one of those that were added is ready.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Makes an empty one.</summary>
    /// <returns><see cref="Errno.EMFILE"/>, <see cref="Errno.ENFILE"/>, <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryCreate(out EventPoll? poll)
    {
        SafeFileHandle handle = LibC.EpollCreate(EpollFlags.EPOLL_CLOEXEC);
        Errno errno = handle.IsInvalid ? LibC.LastError : Errno.None;
        poll = errno == Errno.None ? new(handle) : null;
        return errno;
    }

    /// <summary>Waits for one more descriptor: for something to read, or for the other end to go.</summary>
    /// <param name="handle">The descriptor. Remove it before it is closed: what another process has too stays in the list.</param>
    /// <param name="token">What <see cref="Wait"/> tells it by.</param>
    /// <param name="exclusive">Of several lists that have it, one is woken, not all.</param>
    /// <returns><see cref="Errno.EEXIST"/> where it is there already; <see cref="Errno.EPERM"/> for what cannot be waited for, as regular files; <see cref="Errno.ENOSPC"/> where
    /// fs.epoll.max_user_watches is reached.</returns>
    public unsafe Errno Add(SafeFileHandle handle, ulong token, bool exclusive = false)
    {
        EpollEvents events = EpollEvents.EPOLLIN | (exclusive ? EpollEvents.EPOLLEXCLUSIVE : default);
        EpollEvent packed = new() { Events = events, Token = token };
        AlignedEpollEvent aligned = new() { Events = events, Token = token };

        // SAFETY: the kernel reads one structure, in this frame.
        return MappingCalls.ResultOf(LibC.EpollControl(Handle, EpollCommand.EPOLL_CTL_ADD, handle, s_isPacked ? &packed : &aligned));
    }

    /// <summary>Waits for a descriptor no more. A <see cref="Wait"/> on another thread may tell it once more.</summary>
    /// <returns><see cref="Errno.ENOENT"/> where it is not there.</returns>
    public unsafe Errno Remove(SafeFileHandle handle) => MappingCalls.ResultOf(LibC.EpollControl(Handle, EpollCommand.EPOLL_CTL_DEL, handle, null));

    /// <summary>Waits until one is ready. Allocates nothing.</summary>
    /// <param name="events">Where to; at least one.</param>
    /// <param name="timeoutMs">Milliseconds; below zero, for ever.</param>
    /// <returns>How many are ready: 0 when the time is over, or before that for a signal of the runtime. An <see cref="Errno"/> below zero: <see cref="Errno.EINVAL"/> where there is no room.</returns>
    public unsafe int Wait(Span<PollEvent> events, int timeoutMs)
    {
        // SAFETY: the kernel writes no more events than there is room for, each in 16 bytes or in 12; the span is pinned meanwhile.
        fixed (PollEvent* first = events)
        {
            int count = LibC.EpollWait(Handle, first, events.Length, timeoutMs);
            if (count < 0)
            {
                Errno errno = LibC.LastError;
                return errno == Errno.EINTR ? 0 : -(int)errno;
            }

            // From the last on, so that none is overwritten before it is read: the one at 12n goes to 16n.
            for (int index = count - 1; s_isPacked && index >= 0; index--)
            {
                EpollEvent packed = ((EpollEvent*)first)[index];
                first[index] = new(packed.Events, packed.Token);
            }

            return count;
        }
    }

    /// <summary>Closes the list; who waits in it may wait on.</summary>
    public void Dispose() => Handle.Dispose();
}
