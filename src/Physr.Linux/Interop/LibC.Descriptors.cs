// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Interop;

/// <content>The calls on descriptors of every kind.</content>
internal static unsafe partial class LibC
{
    // SAFETY: pointers are those of the callers, who say what keeps them alive; a handle cannot be closed while a call has it.

    /// <summary><c>read(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeFileHandle file, void* bytes, nuint length);

    /// <summary><c>write(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeFileHandle file, void* bytes, nuint length);

    /// <summary><c>pread(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "pread", SetLastError = true)]
    public static partial nint Pread(SafeFileHandle file, void* bytes, nuint length, long offset);

    /// <summary><c>pwrite(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint Pwrite(SafeFileHandle file, void* bytes, nuint length, long offset);

    /// <summary><c>lseek(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "lseek", SetLastError = true)]
    public static partial long Lseek(SafeFileHandle file, long offset, SeekTarget target);

    /// <summary><c>ftruncate(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Ftruncate(SafeFileHandle file, long length);

    /// <summary><c>fchmod(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "fchmod", SetLastError = true)]
    public static partial int Fchmod(SafeFileHandle file, uint mode);

    /// <summary><c>fcntl(2)</c> with a number; as <see cref="OpenAt"/>, it takes any number of arguments in C.</summary>
    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(SafeFileHandle file, DescriptorCommand command, int argument);

    /// <summary><c>ioctl(2)</c>; as <see cref="OpenAt"/>, it takes any number of arguments in C.</summary>
    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeFileHandle file, ulong command, void* argument);

    /// <summary><c>syscall(2)</c>; as <see cref="OpenAt"/>, it takes any number of arguments in C.</summary>
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint Syscall(nint number, nint first = 0, nint second = 0, nint third = 0, nint fourth = 0, nint fifth = 0, nint sixth = 0);
}
