// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Interop;

/// <content>The calls on mapped memory and on files past the page cache.</content>
internal static unsafe partial class LibC
{
    // SAFETY: pointers are those of the callers, who say what keeps them alive; a handle cannot be closed while a call has it.

    /// <summary><c>O_DIRECT</c> (<c>fcntl.h</c>): past the page cache. No member of <see cref="OpenFlags"/>, since it has one value on x86-64 and another on arm64.</summary>
    public static OpenFlags OpenDirect => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? (OpenFlags)0x10000 : (OpenFlags)0x4000;

    /// <summary><c>mremap(2)</c>; as <see cref="OpenAt"/>, it takes any number of arguments in C.</summary>
    [LibraryImport(Library, EntryPoint = "mremap", SetLastError = true)]
    public static partial nint Mremap(nint address, nuint length, nuint newLength, RemapFlags flags, nint newAddress);

    /// <summary><c>munlock(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "munlock", SetLastError = true)]
    public static partial int Munlock(nint address, nuint length);

    /// <summary><c>mincore(2)</c>: one byte for each page.</summary>
    [LibraryImport(Library, EntryPoint = "mincore", SetLastError = true)]
    public static partial int Mincore(nint address, nuint length, byte* pages);

    /// <summary><c>process_vm_readv(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "process_vm_readv", SetLastError = true)]
    public static partial nint ProcessRead(int process, IoVector* local, nuint localCount, IoVector* remote, nuint remoteCount, nuint flags);

    /// <summary><c>process_vm_writev(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "process_vm_writev", SetLastError = true)]
    public static partial nint ProcessWrite(int process, IoVector* local, nuint localCount, IoVector* remote, nuint remoteCount, nuint flags);

    /// <summary><c>fdatasync(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int Fdatasync(SafeFileHandle file);
}
