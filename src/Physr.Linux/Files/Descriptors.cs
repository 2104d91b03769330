// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Files;

/// <summary>What can be done with descriptors of every kind.</summary>
public static class Descriptors
{
    /// <summary>Makes one more descriptor of the same open file: its place, its flags and its locks are the same. Programs that this process starts do not get it.</summary>
    /// <param name="handle">The descriptor.</param>
    /// <param name="copy">Another one; null on failure.</param>
    /// <returns><see cref="Errno.EMFILE"/>.</returns>
    public static Errno TryDuplicate(SafeFileHandle handle, out SafeFileHandle? copy)
    {
        int number = LibC.Fcntl(handle, DescriptorCommand.F_DUPFD_CLOEXEC, 0);
        Errno errno = number < 0 ? LibC.LastError : Errno.None;
        copy = errno == Errno.None ? new(number, ownsHandle: true) : null;
        return errno;
    }
}
