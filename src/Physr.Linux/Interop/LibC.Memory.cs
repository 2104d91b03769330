// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Interop;

/// <summary>The calls on mappings.</summary>
internal static partial class LibC
{
    /// <summary>What <c>mmap</c> gives instead of an address.</summary>
    public const nint MapFailed = -1;

    /// <summary><c>mmap(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Mmap(nint address, nuint length, Protection protection, MapFlags flags, SafeFileHandle file, long offset);

    /// <summary><c>mmap(2)</c> of no file.</summary>
    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Mmap(nint address, nuint length, Protection protection, MapFlags flags, int noFile, long offset);

    /// <summary><c>mprotect(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "mprotect", SetLastError = true)]
    public static partial int Mprotect(nint address, nuint length, Protection protection);

    /// <summary><c>munmap(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    public static partial int Munmap(nint address, nuint length);

    /// <summary><c>msync(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "msync", SetLastError = true)]
    public static partial int Msync(nint address, nuint length, SyncFlags flags);

    /// <summary><c>madvise(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "madvise", SetLastError = true)]
    public static partial int Madvise(nint address, nuint length, Advice advice);

    /// <summary><c>mlock(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "mlock", SetLastError = true)]
    public static partial int Mlock(nint address, nuint length);
}
