// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Waiting;

/// <summary>Waits for one descriptor (<c>poll(2)</c>).</summary>
public static class Readiness
{
    /// <summary>Waits until there is something to read, or the other end is gone. Allocates nothing.</summary>
    /// <param name="handle">The descriptor.</param>
    /// <param name="timeoutMs">Milliseconds; below zero, for ever.</param>
    /// <returns><see cref="Errno.ETIMEDOUT"/>; <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno Wait(SafeFileHandle handle, int timeoutMs) => Wait(handle, PollEvents.POLLIN, timeoutMs);

    /// <summary>Whether nobody is at the other end any more, though something may still be there to read. Allocates nothing.</summary>
    /// <param name="handle">A socket, or the reading end of a pipe.</param>
    public static bool HasHungUp(SafeFileHandle handle) => Wait(handle, default, 0) == Errno.None;

    private static unsafe Errno Wait(SafeFileHandle handle, PollEvents events, int timeoutMs)
    {
        bool isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            PollDescriptor descriptor = new() { Descriptor = (int)handle.DangerousGetHandle(), Events = events };
            long began = timeoutMs > 0 ? Stopwatch.GetTimestamp() : 0;
            for (int left = timeoutMs; ;)
            {
                // SAFETY: one structure, in this frame; the descriptor is held.
                int result = LibC.Poll(&descriptor, 1, left);
                Errno errno = result > 0 ? Errno.None : result == 0 ? Errno.ETIMEDOUT : LibC.LastError;
                if (errno != Errno.EINTR)
                {
                    return errno;
                }

                left = timeoutMs > 0 ? int.Max(0, timeoutMs - (int)Stopwatch.GetElapsedTime(began).TotalMilliseconds) : timeoutMs;
            }
        }
        finally
        {
            if (isHeld)
            {
                handle.DangerousRelease();
            }
        }
    }
}
