// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Waiting;

/// <summary>Wakes who waits, in this process or in another that was sent the descriptor (<c>eventfd(2)</c>). Signals that come before somebody looks are one.</summary>
public sealed class EventCounter : IDisposable
{
    private EventCounter(SafeFileHandle handle) => Handle = handle;

    /// <summary>The descriptor: readable when it was signalled.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Makes one that nobody has signalled.</summary>
    /// <returns><see cref="Errno.EMFILE"/>, <see cref="Errno.ENFILE"/>, <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryCreate(out EventCounter? counter)
    {
        SafeFileHandle handle = LibC.Eventfd(0, EventfdFlags.EFD_CLOEXEC | EventfdFlags.EFD_NONBLOCK);
        Errno errno = handle.IsInvalid ? LibC.LastError : Errno.None;
        counter = errno == Errno.None ? new(handle) : null;
        return errno;
    }

    /// <summary>Takes over a descriptor that another process sent, and makes it one that nobody waits in.</summary>
    public static EventCounter Adopt(SafeFileHandle received)
    {
        int flags = LibC.Fcntl(received, DescriptorCommand.F_GETFL, 0);
        _ = flags < 0 ? flags : LibC.Fcntl(received, DescriptorCommand.F_SETFL, flags | (int)OpenFlags.O_NONBLOCK);
        return new(received);
    }

    /// <summary>Takes over a descriptor that a process sent which need not be trusted: it must be an event counter, and no semaphore, which would stay readable as often as it was signalled.</summary>
    /// <param name="received">The descriptor; on failure it stays the caller's.</param>
    /// <param name="counter">The counter; null on failure.</param>
    /// <param name="reason">What it is instead; empty on success.</param>
    public static Errno TryAdopt(SafeFileHandle received, out EventCounter? counter, out string reason)
    {
        ArgumentNullException.ThrowIfNull(received);
        counter = null;
        Errno errno = DescriptorKind.TryOf(received, out string kind, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (!string.Equals(kind, "anon_inode:[eventfd]", StringComparison.Ordinal))
        {
            reason = $"{kind} is no event counter (eventfd)";
            return Errno.EINVAL;
        }

        string about = File.ReadAllText($"/proc/self/fdinfo/{received.DangerousGetHandle()}");
        if (about.Contains("eventfd-semaphore: 1", StringComparison.Ordinal))
        {
            reason = "the event counter is a semaphore (EFD_SEMAPHORE)";
            return Errno.EINVAL;
        }

        counter = Adopt(received);
        return Errno.None;
    }

    /// <summary>Signals. Never waits: a counter that is full has been signalled. Allocates nothing.</summary>
    public unsafe void Signal()
    {
        // SAFETY: eight bytes of this frame.
        ulong one = 1;
        _ = LibC.Write(Handle, &one, sizeof(ulong));
    }

    /// <summary>Takes the signals. Never waits. Allocates nothing.</summary>
    /// <returns>Whether there was any.</returns>
    public unsafe bool Drain()
    {
        // SAFETY: eight bytes of this frame.
        ulong signals;
        return LibC.Read(Handle, &signals, sizeof(ulong)) == sizeof(ulong);
    }

    /// <summary>Closes the descriptor.</summary>
    public void Dispose() => Handle.Dispose();
}
