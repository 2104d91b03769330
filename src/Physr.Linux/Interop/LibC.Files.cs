// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Interop;

/// <summary>The calls on files. Each leaves its error number for <see cref="LastError"/>.</summary>
internal static partial class LibC
{
    private const string Library = "libc";

    /// <summary>The error number of this thread's last call.</summary>
    public static Errno LastError => (Errno)Marshal.GetLastPInvokeError();

    /// <summary><c>openat(2)</c>. The C function takes any number of arguments; the calling conventions of Linux pass these three as if it did not.</summary>
    [LibraryImport(Library, EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle OpenAt(PathFlags folder, string path, OpenFlags flags, uint mode);

    /// <summary><c>unlinkat(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(PathFlags folder, string path, int flags);

    /// <summary><c>statx(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(SafeFileHandle file, string path, PathFlags flags, StatxMask mask, out StatxRecord record);

    /// <summary><c>fstatfs(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int Fstatfs(SafeFileHandle file, out FileSystemRecord record);

    /// <summary><c>fcntl(2)</c> for locks of open files; as <see cref="OpenAt"/>, it takes any number of arguments in C.</summary>
    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(SafeFileHandle file, LockCommand command, ref FileLock range);

    /// <summary><c>fallocate(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Fallocate(SafeFileHandle file, FallocateMode mode, long offset, long length);

    /// <summary><c>fsync(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(SafeFileHandle file);

    /// <summary><c>memfd_create(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle MemfdCreate(string name, MemfdFlags flags);
}
