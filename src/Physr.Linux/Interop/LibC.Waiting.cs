// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Interop;

/// <content>The calls that wait.</content>
internal static unsafe partial class LibC
{
    // SAFETY: pointers are those of the callers, who say what keeps them alive; a handle cannot be closed while a call has it.

    /// <summary><c>eventfd(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    public static partial SafeFileHandle Eventfd(uint value, EventfdFlags flags);

    /// <summary><c>epoll_create1(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial SafeFileHandle EpollCreate(EpollFlags flags);

    /// <summary><c>epoll_ctl(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(SafeFileHandle list, EpollCommand command, SafeFileHandle file, void* epollEvent);

    /// <summary><c>epoll_wait(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(SafeFileHandle list, void* epollEvents, int count, int timeoutMilliseconds);

    /// <summary><c>poll(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollDescriptor* descriptors, nuint count, int timeoutMilliseconds);
}
