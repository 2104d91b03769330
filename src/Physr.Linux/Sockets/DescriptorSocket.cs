// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Sockets;

/// <summary>A socket between processes of one machine that carries whole messages, and descriptors with them (<c>unix(7)</c>, <c>SOCK_SEQPACKET</c>).</summary>
/// <remarks>A message of no bytes is not sent: who receives one knows that the other end is gone. One thread may receive while another sends.</remarks>
public sealed partial class DescriptorSocket : IDisposable
{
    /// <summary>The most descriptors in one message (<c>SCM_MAX_FD</c>).</summary>
    public const int MaximumDescriptors = 253;

    private DescriptorSocket(SafeFileHandle handle) => Handle = handle;

    /// <summary>The descriptor: readable when there is a message, somebody who connects, or nobody at the other end.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Makes two ends of one connection.</summary>
    /// <returns><see cref="Errno.EMFILE"/>, <see cref="Errno.ENFILE"/>, <see cref="Errno.ENOMEM"/>.</returns>
    public static unsafe Errno TryPair(out DescriptorSocket? left, out DescriptorSocket? right)
    {
        // SAFETY: the kernel writes two numbers, in this frame.
        int* pair = stackalloc int[2];
        (left, right) = (null, null);
        if (LibC.SocketPair(SocketFamily.AF_UNIX, SocketKind.SOCK_SEQPACKET | SocketKind.SOCK_CLOEXEC, 0, pair) != 0)
        {
            return LibC.LastError;
        }

        (left, right) = (new(new(pair[0], ownsHandle: true)), new(new(pair[1], ownsHandle: true)));
        return Errno.None;
    }

    /// <summary>Waits at a path for others to connect. The path is this user's alone until its permissions are changed; it stays when the socket is closed.</summary>
    /// <param name="path">Where; nothing may be there. 107 bytes at most.</param>
    /// <param name="backlog">How many may wait to be accepted.</param>
    /// <param name="socket">The socket; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EADDRINUSE"/>, <see cref="Errno.ENAMETOOLONG"/>, <see cref="Errno.ENOENT"/>, <see cref="Errno.EACCES"/>, <see cref="Errno.EMFILE"/>.</returns>
    public static Errno TryListen(string path, int backlog, out DescriptorSocket? socket, out string reason)
    {
        const uint OwnerReadsAndWrites = 0x180;
        Errno errno = TryMake(path, SocketKind.SOCK_NONBLOCK, out socket, out SocketAddress address, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        // The permissions of the socket are those that its path gets: there is no moment at which others could connect.
        bool isListening = LibC.Fchmod(socket!.Handle, OwnerReadsAndWrites) == 0 && LibC.Bind(socket.Handle, ref address, AddressBytes) == 0 && LibC.Listen(socket.Handle, backlog) == 0;
        return isListening ? Errno.None : Refuse(LibC.LastError, path, ref socket, out reason);
    }

    /// <summary>Connects to who listens at a path. Waits while too many others wait to be accepted.</summary>
    /// <param name="path">Where.</param>
    /// <param name="socket">The socket; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/>, <see cref="Errno.ECONNREFUSED"/>, <see cref="Errno.EACCES"/>, <see cref="Errno.EPROTOTYPE"/>, <see cref="Errno.ENAMETOOLONG"/>, <see cref="Errno.EMFILE"/>.</returns>
    public static Errno TryConnect(string path, out DescriptorSocket? socket, out string reason)
    {
        Errno errno = TryMake(path, default, out socket, out SocketAddress address, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        return LibC.Connect(socket!.Handle, ref address, AddressBytes) == 0 ? Errno.None : Refuse(LibC.LastError, path, ref socket, out reason);
    }

    /// <summary>Takes over a socket of this kind that another process sent or left open.</summary>
    public static DescriptorSocket Adopt(SafeFileHandle handle) => new(handle);

    /// <summary>Takes the next of those who connected.</summary>
    /// <param name="peer">The connection; null on failure.</param>
    /// <param name="wait">Whether to wait for one.</param>
    /// <returns><see cref="Errno.EAGAIN"/> where there is none; <see cref="Errno.EMFILE"/>, <see cref="Errno.ENFILE"/>: it waits on; <see cref="Errno.EINVAL"/> where this does not listen.</returns>
    public unsafe Errno TryAccept(out DescriptorSocket? peer, bool wait = true)
    {
        while (true)
        {
            // SAFETY: no address is asked for.
            SafeFileHandle handle = LibC.Accept(Handle, null, null, SocketKind.SOCK_CLOEXEC);
            Errno errno = handle.IsInvalid ? LibC.LastError : Errno.None;
            peer = errno == Errno.None ? new(handle) : null;
            errno = errno == Errno.EAGAIN && wait ? Waiting.Readiness.Wait(Handle, -1) : errno;
            if (peer is not null || errno is not (Errno.None or Errno.EINTR or Errno.ECONNABORTED))
            {
                return errno;
            }
        }
    }

    /// <summary>Who is at the other end: who connected, or made the pair, as of that moment.</summary>
    /// <returns><see cref="Errno.ENOTSOCK"/>, <see cref="Errno.EBADF"/>.</returns>
    public unsafe Errno TryGetPeer(out int processId, out uint userId, out uint groupId)
    {
        // SAFETY: the kernel writes one structure, in this frame, no longer than it is told.
        PeerCredentials peer = default;
        uint length = (uint)sizeof(PeerCredentials);
        int result = LibC.GetSocketOption(Handle, SocketLevel.SOL_SOCKET, SocketOption.SO_PEERCRED, &peer, &length);
        (processId, userId, groupId) = (peer.ProcessId, peer.UserId, peer.GroupId);
        return MappingCalls.ResultOf(result);
    }

    /// <summary>Ends the connection in both ways: who waits to receive, here or there, is told so. What was sent can still be received.</summary>
    public void HangUp() => _ = LibC.Shutdown(Handle, ShutdownDirection.SHUT_RDWR);

    /// <summary>Closes this end. Another process may have it too.</summary>
    public void Dispose() => Handle.Dispose();
}
