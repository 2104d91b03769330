// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <content>Mapping files.</content>
public sealed partial class MappedMemory
{
    private const uint OwnerReadsAndWrites = 0x180;

    /// <summary>Maps a file: a regular one, of any file system that can, or a device. Nothing is locked: others may write it, and cut it (see the remarks of the class).</summary>
    /// <param name="path">The file; a symbolic link is followed.</param>
    /// <param name="options">What of it, and how.</param>
    /// <param name="memory">The mapping; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for options that do not go together, an offset within a page, no bytes, or a file that is neither regular nor a device; <see cref="Errno.ENXIO"/> beyond its end;
    /// <see cref="Errno.EACCES"/>, <see cref="Errno.EROFS"/>, <see cref="Errno.EPERM"/> where it may not be opened or stored to; <see cref="Errno.ENOSPC"/> where it finds no blocks; <see cref="Errno.ENOMEM"/>;
    /// others as <c>open</c> and <c>mmap</c> have them.</returns>
    public static Errno TryOpen(string path, MappedMemoryOptions options, out MappedMemory? memory, out string reason)
    {
        ArgumentNullException.ThrowIfNull(options);
        memory = null;
        Errno errno = MappingRules.CheckPath(path, out reason);
        errno = errno == Errno.None ? MappedRules.Check(MappedKind.File, path, options, out reason) : errno;
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = MappedFiles.TryOpen(path, options.Access == MappedAccess.ReadWrite ? OpenFlags.O_RDWR : OpenFlags.O_RDONLY, out SafeFileHandle? file, out reason);
        return errno != Errno.None ? errno : TryMapFile(file!, path, options, out memory, out reason);
    }

    /// <summary>Maps a file that is open. The mapping has a descriptor of its own: the one given may be closed at any time.</summary>
    /// <param name="file">The file: opened for reading, and for writing too where <see cref="MappedMemoryOptions.Access"/> is <see cref="MappedAccess.ReadWrite"/>.</param>
    /// <param name="options">What of it, and how.</param>
    /// <param name="memory">The mapping; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns>As <see cref="TryOpen(string, MappedMemoryOptions, out MappedMemory?, out string)"/>.</returns>
    /// <exception cref="ObjectDisposedException">The handle is closed.</exception>
    public static Errno TryOpen(SafeFileHandle file, MappedMemoryOptions options, out MappedMemory? memory, out string reason)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(options);
        memory = null;
        string name = $"descriptor {(long)file.DangerousGetHandle()}";
        Errno errno = MappedRules.Check(MappedKind.File, name, options, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = TryDuplicate(file, name, out SafeFileHandle? own, out reason);
        return errno != Errno.None ? errno : TryMapFile(own!, new FileInfo($"/proc/self/fd/{own!.DangerousGetHandle()}").LinkTarget ?? name, options, out memory, out reason);
    }

    /// <summary>Makes a file and maps it. Its name is durable when the file system next writes it, or after an <c>fsync</c> of the folder.</summary>
    /// <param name="path">Where it will be; nothing may be there.</param>
    /// <param name="options">How; <see cref="MappedMemoryOptions.Access"/> is <see cref="MappedAccess.ReadWrite"/>, and <see cref="MappedMemoryOptions.Length"/> is not 0.</param>
    /// <param name="memory">The mapping; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EEXIST"/>; others as <see cref="TryOpen(string, MappedMemoryOptions, out MappedMemory?, out string)"/>. No file is left then.</returns>
    public static Errno TryCreate(string path, MappedMemoryOptions options, out MappedMemory? memory, out string reason)
    {
        ArgumentNullException.ThrowIfNull(options);
        memory = null;
        Errno errno = MappingRules.CheckPath(path, out reason);
        errno = errno == Errno.None ? MappedRules.Check(MappedKind.File, path, options with { Extends = true }, out reason) : errno;
        if (errno == Errno.None && options.Length == 0)
        {
            reason = $"{path}: 0 bytes are asked for: say how many it shall have";
            errno = Errno.EINVAL;
        }

        if (errno != Errno.None)
        {
            return errno;
        }

        SafeFileHandle file = LibC.OpenAt(PathFlags.AT_FDCWD, path, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_CLOEXEC, OwnerReadsAndWrites);
        if (file.IsInvalid)
        {
            return MappedFiles.Refuse(LibC.LastError, path, ref reason);
        }

        errno = TryMapFile(file, path, options with { Extends = true }, out memory, out reason);
        if (errno != Errno.None)
        {
            // It was made here, and nobody has it.
            _ = LibC.UnlinkAt(PathFlags.AT_FDCWD, path, 0);
        }

        return errno;
    }

    private static Errno TryDuplicate(SafeFileHandle file, string name, out SafeFileHandle? own, out string reason)
    {
        (own, reason) = (null, "");
        int number = LibC.Fcntl(file, DescriptorCommand.F_DUPFD_CLOEXEC, 0);
        if (number < 0)
        {
            return MappedFiles.Refuse(LibC.LastError, name, ref reason);
        }

        own = new(number, ownsHandle: true);
        return Errno.None;
    }
}
