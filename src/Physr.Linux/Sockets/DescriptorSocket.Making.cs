// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Sockets;

/// <content>Sockets with paths.</content>
public sealed partial class DescriptorSocket
{
    private const uint AddressBytes = 110;

    private static Errno TryMake(string path, SocketKind kind, out DescriptorSocket? socket, out SocketAddress address, out string reason)
    {
        socket = null;
        reason = "";
        if (!SocketAddress.TryMake(path, out address))
        {
            reason = $"{path}: the path of a socket has between 1 and {SocketAddress.MaximumPath} bytes, and no zero character";
            return path.Length > 1 ? Errno.ENAMETOOLONG : Errno.EINVAL;
        }

        SafeFileHandle handle = LibC.Socket(SocketFamily.AF_UNIX, SocketKind.SOCK_SEQPACKET | SocketKind.SOCK_CLOEXEC | kind, 0);
        socket = new(handle);
        return handle.IsInvalid ? Refuse(LibC.LastError, path, ref socket, out reason) : Errno.None;
    }

    private static Errno Refuse(Errno errno, string path, ref DescriptorSocket? socket, out string reason)
    {
        socket!.Dispose();
        socket = null;
        reason = errno switch
        {
            Errno.EADDRINUSE => $"{path}: something is there already: if nobody listens there any more, take it away",
            Errno.ENOENT => $"{path}: nothing is there, or its folder is not",
            Errno.ECONNREFUSED => $"{path}: nobody listens there any more",
            Errno.EACCES or Errno.EPERM => $"{path}: this user may not: see the permissions of the socket and of its folders",
            Errno.EPROTOTYPE => $"{path}: a socket of another kind listens there",
            Errno.EMFILE or Errno.ENFILE => $"{path}: too many files are open",
            Errno.EROFS => $"{path}: its file system is read-only",
            _ => $"{path}: the kernel says {errno}",
        };
        return errno;
    }
}
