// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux;

/// <summary>The calls of <see cref="FileMapping"/> that a disk can fail: the kernel's own, unless a test puts its answers between.</summary>
internal class MappingCalls
{
    /// <summary>The kernel.</summary>
    public static MappingCalls Kernel { get; } = new();

    /// <summary>Gives blocks to the first bytes of a file.</summary>
    public virtual Errno Allocate(SafeFileHandle file, FallocateMode mode, ulong length) => ResultOf(LibC.Fallocate(file, mode, 0, (long)length));

    /// <summary>Maps the first bytes of a file.</summary>
    public virtual Errno Map(SafeFileHandle file, ulong length, Protection protection, MapFlags flags, out nint address)
    {
        address = LibC.Mmap(0, (nuint)length, protection, flags, file, 0);
        return address == LibC.MapFailed ? LibC.LastError : Errno.None;
    }

    /// <summary>Writes pages back and waits for them.</summary>
    public virtual Errno Sync(nint address, ulong length) => ResultOf(LibC.Msync(address, (nuint)length, SyncFlags.MS_SYNC));

    /// <summary>Makes a file or a folder durable: its bytes and what is known of it.</summary>
    public virtual Errno SyncFile(SafeFileHandle file) => ResultOf(LibC.Fsync(file));

    /// <summary>The error of a call that gives 0 where it succeeds.</summary>
    public static Errno ResultOf(int result) => result == 0 ? Errno.None : LibC.LastError;
}
