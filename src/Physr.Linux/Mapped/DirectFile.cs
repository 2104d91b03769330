// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <summary>A file or a block device whose bytes go between the disk and memory directly, past the page cache (<c>O_DIRECT</c>). Addresses, offsets and lengths must be aligned; what is not is refused here,
/// by name, before the kernel says EINVAL.</summary>
/// <remarks><para>A transfer is whole or an error: short ones are gone on with. Past the page cache does not mean durable: <see cref="TryFlush"/> does that.</para>
/// <para>A buffer that a fork copies while a transfer runs can lose what is read into it; an <see cref="AlignedBuffer"/> is not copied. Do not mix with mappings or buffered reads of the same file at the same time:
/// neither sees what the other does until the kernel gets round to it.</para>
/// <code>
/// using DirectFile file = DirectFile.Open("/var/lib/app/log", isReadOnly: false);
/// using AlignedBuffer buffer = AlignedBuffer.Allocate(1 &lt;&lt; 20, file.Alignment.Memory);
/// file.Write(buffer.Window, offset: 0);
/// file.Flush();
/// </code></remarks>
public sealed partial class DirectFile : IDisposable
{
    private int _failure;

    private DirectFile(string path, SafeFileHandle file, DirectAlignment alignment, bool isReadOnly) => (Path, Handle, Alignment, IsReadOnly) = (path, file, alignment, isReadOnly);

    /// <summary>The file, as it was asked for.</summary>
    public string Path { get; }

    /// <summary>The descriptor; it goes with this object.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>What addresses, offsets and lengths are multiples of.</summary>
    public DirectAlignment Alignment { get; }

    /// <summary>Whether it can only be read.</summary>
    public bool IsReadOnly { get; }

    /// <summary>What a flush failed with, once and for all: the kernel tells of it once, and a later success would say nothing of the bytes that were lost.</summary>
    public Errno Failure => (Errno)Volatile.Read(ref _failure);

    /// <summary>Opens a file that is there.</summary>
    /// <param name="path">A regular file or a block device; a symbolic link is followed.</param>
    /// <param name="isReadOnly">Reading alone.</param>
    /// <param name="file">The file; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> where the file system, or this file, has no such transfers; <see cref="Errno.EINVAL"/> for what is neither a regular file nor a block device; others as <c>open</c> has
    /// them.</returns>
    public static Errno TryOpen(string path, bool isReadOnly, out DirectFile? file, out string reason) =>
        TryOpen(path, isReadOnly ? OpenFlags.O_RDONLY : OpenFlags.O_RDWR, out file, out reason);

    /// <summary>Makes an empty file, for reading and writing.</summary>
    /// <param name="path">Where it will be; nothing may be there.</param>
    /// <param name="file">The file; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EEXIST"/>; <see cref="Errno.EOPNOTSUPP"/>; others as <c>open</c> has them. No file is left then.</returns>
    public static Errno TryCreate(string path, out DirectFile? file, out string reason)
    {
        file = null;
        Errno errno = MappingRules.CheckPath(path, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        const uint OwnerReadsAndWrites = 0x180;
        using (SafeFileHandle made = LibC.OpenAt(PathFlags.AT_FDCWD, path, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_CLOEXEC, OwnerReadsAndWrites))
        {
            if (made.IsInvalid)
            {
                return MappedFiles.Refuse(LibC.LastError, path, ref reason);
            }
        }

        errno = TryOpen(path, OpenFlags.O_RDWR, out file, out reason);
        if (errno != Errno.None)
        {
            _ = LibC.UnlinkAt(PathFlags.AT_FDCWD, path, 0);
        }

        return errno;
    }

    /// <summary>As <see cref="TryOpen(string, bool, out DirectFile?, out string)"/>.</summary>
    /// <exception cref="PhysrException">It cannot be opened.</exception>
    public static DirectFile Open(string path, bool isReadOnly) => MappedMemory.Demand("open a file directly", TryOpen(path, isReadOnly, out DirectFile? file, out string reason), path, reason, file);

    /// <summary>As <see cref="TryCreate"/>.</summary>
    /// <exception cref="PhysrException">It cannot be made.</exception>
    public static DirectFile Create(string path) => MappedMemory.Demand("make a direct file", TryCreate(path, out DirectFile? file, out string reason), path, reason, file);

    /// <summary>Closes it. What was not flushed may be in the disk's own cache still.</summary>
    public void Dispose() => Handle.Dispose();

    /// <summary>The path.</summary>
    public override string ToString() => Path;

    private static Errno TryOpen(string path, OpenFlags flags, out DirectFile? file, out string reason)
    {
        file = null;
        Errno errno = MappingRules.CheckPath(path, out reason);
        SafeFileHandle? handle = null;
        errno = errno == Errno.None ? MappedFiles.TryOpen(path, flags | LibC.OpenDirect, out handle, out reason) : errno;
        MappedSource? source = null;
        errno = errno == Errno.None ? MappedFiles.TryMeasure(handle!, path, out source, out reason) : errno;
        if (errno == Errno.None && source!.Length is null)
        {
            reason = $"{path}: it is a character device: a regular file or a block device is needed";
            errno = Errno.EINVAL;
        }

        DirectAlignment alignment = default;
        if (errno == Errno.None && !DirectAlignment.TryOf(handle!, out alignment))
        {
            reason = $"{path}: this file has no transfers past the page cache (its data is compressed, encrypted or the like): use an ordinary {nameof(FileStream)}";
            errno = Errno.EOPNOTSUPP;
        }

        if (errno != Errno.None)
        {
            handle?.Dispose();
            return errno;
        }

        file = new(path, handle!, alignment, flags == OpenFlags.O_RDONLY);
        return Errno.None;
    }
}
