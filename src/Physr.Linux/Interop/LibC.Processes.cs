// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Interop;

/// <content>The calls on processes and threads. Those of <c>posix_spawn</c> give their error number as the result.</content>
internal static unsafe partial class LibC
{
    // SAFETY: pointers are those of the callers, who say what keeps them alive; a handle cannot be closed while a call has it.

    /// <summary><c>sched_setaffinity(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "sched_setaffinity", SetLastError = true)]
    public static partial int SetAffinity(int thread, nuint bytes, void* cpus);

    /// <summary><c>sched_getaffinity(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "sched_getaffinity", SetLastError = true)]
    public static partial int GetAffinity(int thread, nuint bytes, void* cpus);

    /// <summary><c>sched_getcpu(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "sched_getcpu", SetLastError = true)]
    public static partial int GetCpu();

    /// <summary><c>waitid(2)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "waitid", SetLastError = true)]
    public static partial int WaitId(WaitTarget target, SafeFileHandle process, ref ChildStatus status, WaitOptions options);

    /// <summary><c>posix_spawn(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    public static partial Errno Spawn(out int process, string path, ref SpawnActions actions, ref SpawnAttributes attributes, void* arguments, void* environment);

    /// <summary><c>posix_spawn_file_actions_init(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_init")]
    public static partial Errno InitializeActions(ref SpawnActions actions);

    /// <summary><c>posix_spawn_file_actions_destroy(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial Errno DestroyActions(ref SpawnActions actions);

    /// <summary><c>posix_spawn_file_actions_addopen(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    public static partial Errno AddOpen(ref SpawnActions actions, int descriptor, string path, OpenFlags flags, uint mode);

    /// <summary><c>posix_spawn_file_actions_adddup2(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial Errno AddDuplicate(ref SpawnActions actions, SafeFileHandle file, int descriptor);

    /// <summary><c>posix_spawn_file_actions_addclosefrom_np(3)</c>: glibc 2.34.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    public static partial Errno AddCloseFrom(ref SpawnActions actions, int descriptor);

    /// <summary><c>posix_spawnattr_init(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawnattr_init")]
    public static partial Errno InitializeAttributes(ref SpawnAttributes attributes);

    /// <summary><c>posix_spawnattr_destroy(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawnattr_destroy")]
    public static partial Errno DestroyAttributes(ref SpawnAttributes attributes);

    /// <summary><c>posix_spawnattr_setflags(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setflags")]
    public static partial Errno SetFlags(ref SpawnAttributes attributes, SpawnFlags flags);

    /// <summary><c>posix_spawnattr_setsigmask(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial Errno SetSignalMask(ref SpawnAttributes attributes, in SignalSet signals);

    /// <summary><c>posix_spawnattr_setsigdefault(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial Errno SetSignalDefaults(ref SpawnAttributes attributes, in SignalSet signals);

    /// <summary><c>sigfillset(3)</c>.</summary>
    [LibraryImport(Library, EntryPoint = "sigfillset", SetLastError = true)]
    public static partial int FillSet(ref SignalSet signals);
}
