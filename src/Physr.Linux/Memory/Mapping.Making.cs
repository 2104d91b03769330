// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Memory;

/// <content>Mapping files, memory of no file, and nothing at all.</content>
public sealed partial class Mapping
{
    /// <summary>Bytes on both sides of a guarded mapping that nobody may touch: a loop that runs over its end is a SIGSEGV there.</summary>
    public const int GuardBytes = 64 << 10;

    private const nuint HugeBytes = 2 << 20;
    private const nuint GreatestBlock = 1 << 30;

    /// <summary>Keeps addresses free: pages that nobody may touch and that take no memory.</summary>
    /// <param name="length">Bytes: a multiple of the page, not 0.</param>
    /// <param name="mapping">The mapping; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such a length; <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryReserve(nuint length, out Mapping? mapping, out string reason)
    {
        mapping = null;
        Errno errno = CheckLength(length, out reason);
        errno = errno == Errno.None ? MapNothing(length, Protection.PROT_NONE, MapFlags.MAP_NORESERVE, out nint address, out reason) : Give(errno, out address);
        mapping = errno == Errno.None ? new(address, length) : null;
        return errno;
    }

    /// <summary>Maps memory of no file: zeros, this process's own.</summary>
    /// <param name="length">Bytes: a multiple of the page, not 0.</param>
    /// <param name="hugeAligned">Whether it starts at a multiple of 2 MiB, so that large pages fit from its start on.</param>
    /// <param name="mapping">The mapping; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such a length; <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryMapAnonymous(nuint length, bool hugeAligned, out Mapping? mapping, out string reason)
    {
        mapping = null;
        Errno errno = CheckLength(length, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        nuint reserved = length + (hugeAligned ? HugeBytes : 0);
        errno = MapNothing(reserved, hugeAligned ? Protection.PROT_NONE : Protection.PROT_READ | Protection.PROT_WRITE, hugeAligned ? MapFlags.MAP_NORESERVE : default, out nint address, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (!hugeAligned)
        {
            mapping = new(address, length);
            return Errno.None;
        }

        mapping = new(address, reserved, Up(address, HugeBytes), length);
        const MapFlags There = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED;
        return Keep(LibC.Mmap(mapping.Address, length, Protection.PROT_READ | Protection.PROT_WRITE, There, -1, 0), ref mapping, out reason);
    }

    /// <summary>Maps part of a file (<c>MAP_SHARED</c>) at a multiple of 2 MiB or of the file's own page, with <see cref="GuardBytes"/> or more on both sides that nobody may touch. A child of this process does not get it.</summary>
    /// <param name="file">The file, open for reading, and for writing where it is mapped so. It may be closed afterwards.</param>
    /// <param name="offset">The first byte: a multiple of the file's page.</param>
    /// <param name="length">Bytes: a multiple of the file's page, not 0.</param>
    /// <param name="writable">Whether there may be stores.</param>
    /// <param name="mapping">The mapping; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such an offset or length; <see cref="Errno.EACCES"/>, <see cref="Errno.EPERM"/> where the file was not opened for it or is sealed against it;
    /// <see cref="Errno.ENODEV"/>; <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryMapGuarded(SafeFileHandle file, ulong offset, nuint length, bool writable, out Mapping? mapping, out string reason)
    {
        mapping = null;
        Errno errno = CheckLength(length, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (LibC.Statx(file, "", PathFlags.AT_EMPTY_PATH, StatxMask.STATX_BASIC_STATS, out StatxRecord record) != 0)
        {
            errno = LibC.LastError;
            reason = $"the file cannot be asked: the kernel says {errno}";
            return errno;
        }

        // A page of hugetlbfs lies at a multiple of itself.
        nuint alignment = System.Numerics.BitOperations.IsPow2(record.BlockSize) && record.BlockSize <= GreatestBlock ? nuint.Max(HugeBytes, record.BlockSize) : HugeBytes;
        nuint reserved = length + alignment + (2 * GuardBytes);
        errno = MapNothing(reserved, Protection.PROT_NONE, MapFlags.MAP_NORESERVE, out nint reservation, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        mapping = new(reservation, reserved, Up(reservation + GuardBytes, alignment), length);
        Protection protection = Protection.PROT_READ | (writable ? Protection.PROT_WRITE : default);
        errno = Keep(LibC.Mmap(mapping.Address, length, protection, MapFlags.MAP_SHARED | MapFlags.MAP_FIXED, file, (long)offset), ref mapping, out reason);
        if (errno == Errno.None)
        {
            _ = LibC.Madvise(mapping!.Address, length, Advice.MADV_DONTFORK);
        }

        return errno;
    }

    /// <summary>Maps part of a file (<c>MAP_SHARED</c>) wherever the kernel likes.</summary>
    internal static Errno TryMap(SafeFileHandle file, ulong offset, nuint length, bool writable, out Mapping? mapping, out string reason)
    {
        mapping = null;
        Errno errno = CheckLength(length, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        mapping = new(LibC.Mmap(0, length, Protection.PROT_READ | (writable ? Protection.PROT_WRITE : default), MapFlags.MAP_SHARED, file, (long)offset), length);
        return Keep(mapping.Address, ref mapping, out reason);
    }

    private static Errno MapNothing(nuint length, Protection protection, MapFlags flags, out nint address, out string reason)
    {
        address = LibC.Mmap(0, length, protection, MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | flags, -1, 0);
        Errno errno = address == LibC.MapFailed ? LibC.LastError : Errno.None;
        reason = errno == Errno.None ? "" : Refusal(errno);
        return errno;
    }

    /// <summary>What came of the last <c>mmap</c>: where it failed the mapping is let go of.</summary>
    private static Errno Keep(nint address, ref Mapping? mapping, out string reason)
    {
        Errno errno = address == LibC.MapFailed ? LibC.LastError : Errno.None;
        reason = errno == Errno.None ? "" : Refusal(errno);
        if (errno != Errno.None)
        {
            mapping!.Dispose();
            mapping = null;
        }

        return errno;
    }

    private static string Refusal(Errno errno) => errno switch
    {
        Errno.EACCES => "the file was not opened for that: for reading, and for writing where stores are asked for",
        Errno.EPERM => "the file is sealed against stores",
        Errno.EINVAL or Errno.EOVERFLOW => "offset and length are multiples of the file's page, and end before 2^63",
        Errno.EBADF => "the file is closed",
        Errno.ENODEV => "this is no file that can be mapped",
        Errno.ENOMEM => "memory, large pages (vm.nr_hugepages) or addresses are short, or RLIMIT_AS or vm.max_map_count is reached",
        _ => $"the kernel says {errno}",
    };

    private static Errno CheckLength(nuint length, out string reason)
    {
        bool isRight = length != 0 && length % (nuint)Environment.SystemPageSize == 0 && (ulong)length <= long.MaxValue / 2;
        reason = isRight ? "" : $"{length} bytes cannot be mapped: a multiple of {Environment.SystemPageSize} that is not 0 is needed";
        return isRight ? Errno.None : Errno.EINVAL;
    }

    private static Errno Give(Errno errno, out nint address)
    {
        address = LibC.MapFailed;
        return errno;
    }

    private static nint Up(nint address, nuint alignment) => (nint)(((nuint)address + alignment - 1) & ~(alignment - 1));
}
