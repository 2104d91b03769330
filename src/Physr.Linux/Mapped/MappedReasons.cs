// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;

namespace Physr.Linux.Mapped;

/// <summary>What errors of the kernel mean for somebody who maps memory, and what would be right.</summary>
internal static class MappedReasons
{
    /// <summary>A range of something, an error, and what it means.</summary>
    public static string Of(string name, ulong offset, ulong length, Errno errno, string meaning) => $"{name}: {errno}: bytes [{offset}, {offset + length}): {meaning}";

    /// <summary>Of <c>mmap</c>.</summary>
    public static string Mapping(Errno errno, MappedMemoryOptions options) => errno switch
    {
        Errno.EACCES when options.Access == MappedAccess.ReadWrite =>
            $"it was not opened for reading and writing: open it so, or map it with {nameof(MappedAccess.Read)} or {nameof(MappedAccess.CopyOnWrite)}",
        Errno.EACCES => "it was not opened for reading: open it so",
        Errno.EPERM when options.Access == MappedAccess.ReadWrite => $"it is sealed against stores, or stores are forbidden otherwise: map it with {nameof(MappedAccess.Read)} or {nameof(MappedAccess.CopyOnWrite)}",
        Errno.ENOMEM when options.Pages is MappedPages.Huge2MiB or MappedPages.Huge1GiB => HugePages(options),
        Errno.ENOMEM => "there is no room in this process's addresses, or more memory than the system promises (vm.overcommit_memory), or too many mappings (vm.max_map_count)",
        Errno.EINVAL when options.Pages == MappedPages.Huge1GiB => $"this machine has no pages of 1 GiB: use {nameof(MappedPages.Huge2MiB)}",
        Errno.EINVAL or Errno.EOPNOTSUPP or Errno.ENODEV => "it cannot be mapped this way",
        _ => "it could not be mapped",
    };

    /// <summary>Of <c>mlock</c>.</summary>
    public static string Locking(Errno errno) => errno switch
    {
        Errno.ENOMEM or Errno.EPERM or Errno.EAGAIN =>
            $"they could not all be kept in memory: RLIMIT_MEMLOCK ({MemoryLockLimit()}) allows fewer (raise it with ulimit -l, or give the process CAP_IPC_LOCK), or some cannot be had at all (see {nameof(MappedMemory.TryPopulate)})",
        _ => "they could not be kept in memory",
    };

    /// <summary>Of <c>madvise</c>.</summary>
    public static string Advising(Errno errno) => errno switch
    {
        Errno.EINVAL => "this kernel does not know it, or it does not go with this memory: locked, huge, or of a device",
        Errno.ENOMEM => "memory is short",
        Errno.EAGAIN => "not now",
        Errno.EBADF => "there is no file to read them from",
        _ => "the kernel refused",
    };

    /// <summary>Of <c>mremap</c>.</summary>
    public static string Resizing(Errno errno) => errno switch
    {
        Errno.ENOMEM => "there is no room in this process's addresses, or not so much memory",
        Errno.EAGAIN => "RLIMIT_MEMLOCK allows fewer locked bytes",
        Errno.EFAULT => "parts of it were locked or advised and others not, and the kernel moves only what is alike: undo that first",
        Errno.EINVAL => "memory of this kind cannot grow (huge pages, or of a device), or no process has so many addresses",
        _ => "the kernel refused",
    };

    /// <summary>Of <c>msync</c>.</summary>
    public static string Persisting(Errno errno) => errno switch
    {
        Errno.ENOSPC or Errno.EDQUOT => "the disk or the quota is full: some stores are not in the file and never will be; map it again to see which",
        _ => "the disk could not be written: some stores are not in the file and never will be; map it again to see which",
    };

    private static string HugePages(MappedMemoryOptions options)
    {
        string folder = $"/sys/kernel/mm/hugepages/hugepages-{(ulong)MappedRules.PageOf(options.Pages) / 1024}kB";
        string free = ReadNumber($"{folder}/free_hugepages");
        return $"{options.Length} bytes are asked for in huge pages, and {free} of these are free: set more aside ({folder}/nr_hugepages), or ask for {nameof(MappedPages.Transparent)} pages";
    }

    private static string ReadNumber(string path)
    {
        try
        {
            return long.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            return "none";
        }
    }

    private static string MemoryLockLimit()
    {
        try
        {
            string? line = File.ReadLines("/proc/self/limits").FirstOrDefault(static line => line.StartsWith("Max locked memory", StringComparison.Ordinal));
            return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: >= 6 } words ? $"{words[3]} bytes" : "unknown";
        }
        catch (IOException)
        {
            return "unknown";
        }
    }
}
