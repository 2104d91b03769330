// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Tests;

/// <summary>The kernel, except where a test has another answer.</summary>
internal sealed class FailingCalls : MappingCalls
{
    public Errno Allocating { get; init; }

    public Errno Mapping { get; init; }

    public bool HasMapSync { get; init; }

    public Errno SyncingFile { get; init; }

    /// <summary>What the next write-backs fail with, in order.</summary>
    public Queue<Errno> Syncing { get; } = [];

    public List<(ulong Bytes, Errno Errno)> Synced { get; } = [];

    public override Errno Allocate(SafeFileHandle file, FallocateMode mode, ulong length) => Allocating != Errno.None ? Allocating : base.Allocate(file, mode, length);

    public override Errno Map(SafeFileHandle file, ulong length, Protection protection, MapFlags flags, out nint address)
    {
        address = LibC.MapFailed;
        return Mapping != Errno.None ? Mapping : base.Map(file, length, protection, HasMapSync ? MapFlags.MAP_SHARED : flags, out address);
    }

    public override Errno Sync(nint address, ulong length)
    {
        Errno errno = Syncing.TryDequeue(out Errno next) && next != Errno.None ? next : base.Sync(address, length);
        Synced.Add((length, errno));
        return errno;
    }

    public override Errno SyncFile(SafeFileHandle file) => SyncingFile != Errno.None ? SyncingFile : base.SyncFile(file);
}
