// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>The Linux error numbers that expected failures are reported with. Values are x86-64's (<c>errno.h</c>); zero is success.</summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>Operation not permitted.</summary>
    EPERM = 1,

    /// <summary>No such entry.</summary>
    ENOENT = 2,

    /// <summary>No such process.</summary>
    ESRCH = 3,

    /// <summary>Interrupted before anything was done.</summary>
    EINTR = 4,

    /// <summary>Input/output error.</summary>
    EIO = 5,

    /// <summary>No such device or address; for pagemaps, an overlap with System RAM.</summary>
    ENXIO = 6,

    /// <summary>An argument structure is longer than known, and its tail is not zero.</summary>
    E2BIG = 7,

    /// <summary>No program that this machine can run.</summary>
    ENOEXEC = 8,

    /// <summary>Bad file number: the file is closed, or was opened for something else.</summary>
    EBADF = 9,

    /// <summary>No such child: it is somebody else's, or was waited for.</summary>
    ECHILD = 10,

    /// <summary>Resource temporarily unavailable: not now.</summary>
    EAGAIN = 11,

    /// <summary>Out of memory or of another bounded resource: not now.</summary>
    ENOMEM = 12,

    /// <summary>Permission denied: by the permissions of a file or of its folders, or of a mapping.</summary>
    EACCES = 13,

    /// <summary>Bad address.</summary>
    EFAULT = 14,

    /// <summary>Device or resource busy.</summary>
    EBUSY = 16,

    /// <summary>Already there.</summary>
    EEXIST = 17,

    /// <summary>Across file systems, where it cannot be.</summary>
    EXDEV = 18,

    /// <summary>No such device, or gone.</summary>
    ENODEV = 19,

    /// <summary>A part of a path is no folder.</summary>
    ENOTDIR = 20,

    /// <summary>A folder, where a file is needed.</summary>
    EISDIR = 21,

    /// <summary>Invalid argument.</summary>
    EINVAL = 22,

    /// <summary>The system has too many open files.</summary>
    ENFILE = 23,

    /// <summary>This process has too many open files.</summary>
    EMFILE = 24,

    /// <summary>No such command of this object.</summary>
    ENOTTY = 25,

    /// <summary>A program that runs is written to, or one that is written to is to run.</summary>
    ETXTBSY = 26,

    /// <summary>The file would be larger than its file system or a limit of the process allows.</summary>
    EFBIG = 27,

    /// <summary>No space left.</summary>
    ENOSPC = 28,

    /// <summary>Illegal seek; for event files, a transfer that is not a whole number of records.</summary>
    ESPIPE = 29,

    /// <summary>The file system or device is read-only.</summary>
    EROFS = 30,

    /// <summary>Nobody is left to read it.</summary>
    EPIPE = 32,

    /// <summary>Result out of range.</summary>
    ERANGE = 34,

    /// <summary>The wait would never end: an unmap was ignored a hundred times.</summary>
    EDEADLOCK = 35,

    /// <summary>A name is too long.</summary>
    ENAMETOOLONG = 36,

    /// <summary>The kernel has no such call.</summary>
    ENOSYS = 38,

    /// <summary>A folder that is not empty.</summary>
    ENOTEMPTY = 39,

    /// <summary>Symbolic links lead in a circle.</summary>
    ELOOP = 40,

    /// <summary>No data: nothing of the kind is there.</summary>
    ENODATA = 61,

    /// <summary>A time is over.</summary>
    ETIME = 62,

    /// <summary>The other end broke the protocol.</summary>
    EPROTO = 71,

    /// <summary>A message, or bytes of a file, are not what they should be.</summary>
    EBADMSG = 74,

    /// <summary>Value too large.</summary>
    EOVERFLOW = 75,

    /// <summary>Not a socket.</summary>
    ENOTSOCK = 88,

    /// <summary>The array given is too short; the count needed is returned.</summary>
    EMSGSIZE = 90,

    /// <summary>A socket of another kind listens there.</summary>
    EPROTOTYPE = 91,

    /// <summary>No such protocol.</summary>
    EPROTONOSUPPORT = 93,

    /// <summary>Operation not supported.</summary>
    EOPNOTSUPP = 95,

    /// <summary>No such family of addresses.</summary>
    EAFNOSUPPORT = 97,

    /// <summary>The addresses are reserved, allowed to somebody else or break an alignment.</summary>
    EADDRINUSE = 98,

    /// <summary>No such address.</summary>
    EADDRNOTAVAIL = 99,

    /// <summary>The other end left before the connection was accepted.</summary>
    ECONNABORTED = 103,

    /// <summary>The other end left without reading all.</summary>
    ECONNRESET = 104,

    /// <summary>No room for buffers: not now.</summary>
    ENOBUFS = 105,

    /// <summary>Connected already.</summary>
    EISCONN = 106,

    /// <summary>Not connected.</summary>
    ENOTCONN = 107,

    /// <summary>Too many descriptors are on their way to somebody who does not read.</summary>
    ETOOMANYREFS = 109,

    /// <summary>Timed out.</summary>
    ETIMEDOUT = 110,

    /// <summary>Nobody listens.</summary>
    ECONNREFUSED = 111,

    /// <summary>It is being done already.</summary>
    EALREADY = 114,

    /// <summary>It has begun and goes on.</summary>
    EINPROGRESS = 115,

    /// <summary>Bytes on the medium contradict themselves: damaged, or of something else (<c>EUCLEAN</c>).</summary>
    EUCLEAN = 117,

    /// <summary>The peer's memory can never be reached from this device: a verdict, not a shortage (row R53c).</summary>
    EREMOTEIO = 121,

    /// <summary>The quota of this user is used up.</summary>
    EDQUOT = 122,

    /// <summary>Called off before it was done.</summary>
    ECANCELED = 125,

    /// <summary>The memory holds bytes that the hardware lost.</summary>
    EHWPOISON = 133,

    /// <summary>A wait would be needed and was not allowed: start again later. Inside the kernel only; programs see EINTR.</summary>
    ERESTARTSYS = 512,
}
