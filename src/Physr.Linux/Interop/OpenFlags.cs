// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a file is opened (<c>fcntl.h</c>). These have the same values on x86-64 and arm64.</summary>
[Flags]
internal enum OpenFlags
{
    /// <summary>For reading.</summary>
    O_RDONLY = 0,

    /// <summary>For both.</summary>
    O_RDWR = 0x2,

    /// <summary>Make it where it is not.</summary>
    O_CREAT = 0x40,

    /// <summary>It must not be there yet.</summary>
    O_EXCL = 0x80,

    /// <summary>Nobody waits in it.</summary>
    O_NONBLOCK = 0x800,

    /// <summary>Programs that this process starts do not get it.</summary>
    O_CLOEXEC = 0x80000,

    /// <summary>Only its place: nothing of it is opened, so that a FIFO does not wait and a device does not notice.</summary>
    O_PATH = 0x200000,
}
