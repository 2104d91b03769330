// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Tests;

/// <content>Files and their mappings.</content>
public sealed partial class HeaderTests
{
    internal static HeaderTable Files { get; } = new()
    {
        Headers = ["fcntl.h", "unistd.h", "sys/mman.h", "sys/stat.h", "sys/vfs.h", "linux/falloc.h", "linux/magic.h"],
        Structures = new()
        {
            [typeof(FileLock)] = ("flock", ["l_type", "l_whence", "l_start", "l_len", "l_pid"]),
            [typeof(StatxRecord)] = ("statx", ["stx_mask", "stx_blksize", "stx_attributes", "stx_mode", "stx_ino", "stx_size", "stx_blocks", "stx_rdev_major", "stx_rdev_minor", "stx_dev_major", "stx_dev_minor", "stx_dio_mem_align", "stx_dio_offset_align"]),
            [typeof(FileSystemRecord)] = ("statfs", ["f_type", "f_bsize", "f_bavail"]),
        },
        Prototypes = new(StringComparer.Ordinal)
        {
            ["openat"] = "int openat(int, const char *, int, ...)",
            ["fcntl"] = "int fcntl(int, int, ...)",
            ["unlinkat"] = "int unlinkat(int, const char *, int)",
            ["statx"] = "int statx(int, const char *, int, unsigned int, struct statx *)",
            ["fstatfs"] = "int fstatfs(int, struct statfs *)",
            ["fallocate"] = "int fallocate(int, int, long, long)",
            ["fsync"] = "int fsync(int)",
            ["memfd_create"] = "int memfd_create(const char *, unsigned int)",
            ["mmap"] = "void *mmap(void *, unsigned long, int, int, int, long)",
            ["munmap"] = "int munmap(void *, unsigned long)",
            ["msync"] = "int msync(void *, unsigned long, int)",
            ["madvise"] = "int madvise(void *, unsigned long, int)",
            ["mlock"] = "int mlock(const void *, unsigned long)",
        },
        Late = ["MADV_POPULATE_READ", "MADV_POPULATE_WRITE", "FALLOC_FL_ALLOCATE_RANGE", "F2FS_SUPER_MAGIC"],
    };
}
