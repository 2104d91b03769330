// Copyright (c) The Physr authors. Licensed under the MIT license.
//
// What the baselines of live device-private memory have in common: the kernel's numbers that older headers lack, descriptors, time, statistics.

#ifndef FAULT_PAGER_H
#define FAULT_PAGER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul

#define FEATURE_POISON (1ull << 14)
#define FEATURE_WP_ASYNC (1ull << 15)
#define FEATURE_MOVE (1ull << 16)
#define FEATURE_WP_UNPOPULATED (1ull << 13)

struct move {
    uint64_t destination, source, length, mode;
    int64_t moved;
};
#define IOCTL_MOVE _IOWR(0xAA, 0x05, struct move)
#define IOCTL_NEW _IO(0xAA, 0x00)
#define CONTINUE_WP 2ull

// PAGEMAP_SCAN, Linux 6.7.
struct page_range {
    uint64_t start, end, categories;
};
struct page_scan {
    uint64_t size, flags, start, end, walk_end, vector, vector_length, most_pages, inverted, required, any_of, returned;
};
#define IOCTL_SCAN _IOWR('f', 16, struct page_scan)
#define PAGE_WRITTEN 2ull
#define SCAN_WP 1ull
#define SCAN_CHECK_ASYNC 2ull

static inline void die(const char *what)
{
    fprintf(stderr, "error: %s: %s\n", what, strerror(errno));
    exit(1);
}

static inline uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static inline uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x * 0x2545f4914f6cdd1dull >> 11;
}

static inline int open_uffd(uint64_t features)
{
    int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
    int uffd = device < 0 ? -1 : ioctl(device, IOCTL_NEW, O_CLOEXEC | O_NONBLOCK);
    if (device >= 0)
        close(device);
    if (uffd < 0)
        uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    struct uffdio_api api = { .api = UFFD_API, .features = features };
    if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
        die("no userfaultfd");
    return uffd;
}

static inline void watch(int uffd, void *start, uint64_t length, uint64_t modes)
{
    struct uffdio_register area = { .range = { (uintptr_t)start, length }, .mode = modes };
    if (ioctl(uffd, UFFDIO_REGISTER, &area))
        die("the window cannot be registered");
}

// A memory file, mapped and with pages where they are asked for.
static inline void *map_file(int *file, const char *name, uint64_t length, int populate)
{
    if (*file < 0 && ((*file = memfd_create(name, MFD_CLOEXEC)) < 0 || ftruncate(*file, (off_t)length)))
        die(name);
    void *start = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | (populate ? MAP_POPULATE : 0), *file, 0);
    if (start == MAP_FAILED)
        die(name);
    return start;
}

static inline void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set))
        die("a thread cannot be pinned");
}

// 0, also where the page is there already; the caller looks at errno.
static inline int copy_in(int uffd, void *to, const void *from, uint64_t length, uint64_t mode)
{
    struct uffdio_copy copy = { .dst = (uintptr_t)to, .src = (uintptr_t)from, .len = length, .mode = mode };
    return ioctl(uffd, UFFDIO_COPY, &copy);
}

static inline int protect(int uffd, void *start, uint64_t length, int on)
{
    struct uffdio_writeprotect range = { .range = { (uintptr_t)start, length }, .mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0 };
    return ioctl(uffd, UFFDIO_WRITEPROTECT, &range);
}

static inline void wake(int uffd, void *start, uint64_t length)
{
    struct uffdio_range range = { (uintptr_t)start, length };
    ioctl(uffd, UFFDIO_WAKE, &range);
}

static int by_value(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

// The value below which a share of the samples is; sorts them.
static inline uint32_t quantile(uint32_t *samples, uint64_t count, double share)
{
    qsort(samples, count, sizeof *samples, by_value);
    uint64_t index = (uint64_t)(share * (double)count);
    return count == 0 ? 0 : samples[index < count ? index : count - 1];
}

#endif
