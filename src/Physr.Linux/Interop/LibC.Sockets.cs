// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Interop;

/// <content>The calls on sockets.</content>
internal static unsafe partial class LibC
{
    // SAFETY: pointers are those of the callers, who say what keeps them alive; a handle cannot be closed while a call has it.

    /// <summary><c>socket(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial SafeFileHandle Socket(SocketFamily family, SocketKind kind, int protocol);

    /// <summary><c>socketpair(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "socketpair", SetLastError = true)]
    public static partial int SocketPair(SocketFamily family, SocketKind kind, int protocol, int* pair);

    /// <summary><c>bind(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(SafeFileHandle socket, ref SocketAddress address, uint length);

    /// <summary><c>listen(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "listen", SetLastError = true)]
    public static partial int Listen(SafeFileHandle socket, int backlog);

    /// <summary><c>connect(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(SafeFileHandle socket, ref SocketAddress address, uint length);

    /// <summary><c>accept4(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "accept4", SetLastError = true)]
    public static partial SafeFileHandle Accept(SafeFileHandle socket, void* address, void* length, SocketKind flags);

    /// <summary><c>sendmsg(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "sendmsg", SetLastError = true)]
    public static partial nint SendMessage(SafeFileHandle socket, MessageHeader* message, MessageFlags flags);

    /// <summary><c>recvmsg(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "recvmsg", SetLastError = true)]
    public static partial nint ReceiveMessage(SafeFileHandle socket, MessageHeader* message, MessageFlags flags);

    /// <summary><c>getsockopt(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetSocketOption(SafeFileHandle socket, SocketLevel level, SocketOption option, void* value, uint* length);

    /// <summary><c>shutdown(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "shutdown", SetLastError = true)]
    public static partial int Shutdown(SafeFileHandle socket, ShutdownDirection direction);
}
