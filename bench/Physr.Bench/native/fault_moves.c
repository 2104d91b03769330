// Copyright (c) The Physr authors. Licensed under the MIT license.
//
// What the kernel's own calls for pages cost, without a fault or another process: memory of 64 MiB filled in pieces of 2 MiB, and finding out what was written to.
//
//   fault_moves fill    bytes per ns: copy (UFFDIO_COPY into a memory file), continue (plain copies into the file, then UFFDIO_CONTINUE), move (UFFDIO_MOVE, anonymous memory within this process),
//                       move-huge (the same of large pages), plain (memcpy into memory that is there); copy-read: copy, write-protected, and then every word read where it was put; stream: the same by two
//                       processes, one of which copies as fast as it can, while the other reads what is there
//   fault_moves dirty   ns per page: async-arm, async-write, async-scan (half of the pages written), sync-arm, sync-write (a process on the same processor allows it), sync-write-other (on the next)

#include "fault_pager.h"

#define LENGTH (64ul << 20)
#define PIECE (2ul << 20)
#define FEW 2048ul // pages with a fault for each

static uint64_t best(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static char *anonymous(int advice)
{
    char *start = mmap(NULL, LENGTH + PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        die("memory");
    start = (char *)(((uintptr_t)start + PIECE - 1) & ~(PIECE - 1));
    madvise(start, LENGTH, advice);
    return start;
}

static uint64_t read_all(const char *bytes, uint64_t length)
{
    uint64_t sum = 0;
    for (uint64_t at = 0; at < length; at += sizeof sum)
        sum += *(const volatile uint64_t *)(bytes + at);
    return sum;
}

static uint64_t fill_by_copy(const char *source, int is_read)
{
    int file = -1, uffd = open_uffd(UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
    char *window = map_file(&file, "window", LENGTH, 0);
    watch(uffd, window, LENGTH, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
    uint64_t start = now();
    for (uint64_t at = 0; at < LENGTH; at += PIECE) {
        if (copy_in(uffd, window + at, source + at, PIECE, UFFDIO_COPY_MODE_WP))
            die("UFFDIO_COPY");
    }
    if (is_read)
        read_all(window, LENGTH);
    uint64_t time = now() - start;
    munmap(window, LENGTH);
    close(uffd);
    close(file);
    return time;
}

// The copying process goes through the memory again when it is told to; the first times do not count, as a process that has just begun is slower.
static uint64_t stream(const char *source)
{
    int file = -1, uffd = open_uffd(UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
    char *window = map_file(&file, "window", LENGTH, 0);
    watch(uffd, window, LENGTH, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
    _Atomic uint64_t *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); // how far to copy; how far it is
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (uint64_t done = 0;; done += PIECE) {
            while (shared[0] <= done)
                sched_yield();
            if (copy_in(uffd, window + done % LENGTH, source + done % LENGTH, PIECE, UFFDIO_COPY_MODE_WP))
                die("UFFDIO_COPY");
            shared[1] = done + PIECE;
        }
    }
    uint64_t time = 0;
    for (uint64_t pass = 0; pass < 3; pass++) {
        if (pass > 0 && fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, LENGTH))
            die("fallocate");
        uint64_t start = now();
        shared[0] = (pass + 1) * LENGTH;
        for (uint64_t at = 0; at < LENGTH; at += PIECE) {
            while (shared[1] < pass * LENGTH + at + PIECE)
                sched_yield();
            read_all(window + at, PIECE);
        }
        time = now() - start;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    munmap(window, LENGTH);
    close(uffd);
    close(file);
    return time;
}

static uint64_t fill_by_continue(const char *source)
{
    int file = -1, uffd = open_uffd(UFFD_FEATURE_MINOR_SHMEM);
    char *window = map_file(&file, "window", LENGTH, 0);
    watch(uffd, window, LENGTH, UFFDIO_REGISTER_MODE_MINOR);
    uint64_t start = now();
    for (uint64_t at = 0; at < LENGTH; at += PIECE) {
        struct uffdio_continue there = { .range = { (uintptr_t)window + at, PIECE } };
        if (pwrite(file, source + at, PIECE, (off_t)at) != (ssize_t)PIECE || ioctl(uffd, UFFDIO_CONTINUE, &there))
            die("UFFDIO_CONTINUE");
    }
    uint64_t time = now() - start;
    munmap(window, LENGTH);
    close(uffd);
    close(file);
    return time;
}

static uint64_t fill_by_move(int advice)
{
    int uffd = open_uffd(FEATURE_MOVE);
    char *window = anonymous(advice), *source = anonymous(advice);
    memset(source, 1, LENGTH);
    watch(uffd, window, LENGTH, UFFDIO_REGISTER_MODE_MISSING);
    uint64_t start = now();
    for (uint64_t at = 0; at < LENGTH; at += PIECE) {
        struct move move = { .destination = (uintptr_t)window + at, .source = (uintptr_t)source + at, .length = PIECE };
        if (ioctl(uffd, IOCTL_MOVE, &move))
            die("UFFDIO_MOVE");
    }
    uint64_t time = now() - start;
    munmap(window, LENGTH);
    munmap(source, LENGTH);
    close(uffd);
    return time;
}

static void fill(void)
{
    char *source = anonymous(MADV_NOHUGEPAGE), *destination = anonymous(MADV_NOHUGEPAGE);
    memset(source, 1, LENGTH);
    memset(destination, 1, LENGTH);
    uint64_t times[7] = { ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull };
    for (int round = 0; round < 3; round++) {
        times[0] = best(times[0], fill_by_copy(source, 0));
        times[1] = best(times[1], fill_by_continue(source));
        times[2] = best(times[2], fill_by_move(MADV_NOHUGEPAGE));
        times[3] = best(times[3], fill_by_move(MADV_HUGEPAGE));
        uint64_t start = now();
        memcpy(destination, source, LENGTH);
        times[4] = best(times[4], now() - start);
        times[5] = best(times[5], fill_by_copy(source, 1));
    }
    times[6] = stream(source);
    const char *names[7] = { "copy", "continue", "move", "move-huge", "plain", "copy-read", "stream" };
    for (int i = 0; i < 7; i++)
        printf("%s %f\n", names[i], (double)LENGTH / (double)times[i]);
}

// ---- what was written to ----

static void allow(int uffd, int cpu)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(cpu % (int)sysconf(_SC_NPROCESSORS_ONLN));
    struct pollfd ready = { .fd = uffd, .events = POLLIN };
    struct uffd_msg fault;
    while (poll(&ready, 1, -1) >= 0) {
        if (read(uffd, &fault, sizeof fault) == (ssize_t)sizeof fault && protect(uffd, (void *)(uintptr_t)fault.arg.pagefault.address, PAGE, 0))
            die("UFFDIO_WRITEPROTECT");
    }
}

static double write_pages(char *window, uint64_t step, uint64_t count)
{
    uint64_t start = now();
    for (uint64_t page = 0; page < count; page++)
        *(volatile char *)(window + page * step * PAGE) = 1;
    return (double)(now() - start) / (double)count;
}

static void dirty(void)
{
    pin(0);
    int file = -1;
    char *window = map_file(&file, "window", LENGTH, 1);
    for (uint64_t at = 0; at < LENGTH; at += PAGE)
        window[at] = 1;
    uint64_t count = LENGTH / PAGE;

    int uffd = open_uffd(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM | FEATURE_WP_ASYNC | FEATURE_WP_UNPOPULATED);
    watch(uffd, window, LENGTH, UFFDIO_REGISTER_MODE_WP);
    uint64_t start = now();
    if (protect(uffd, window, LENGTH, 1))
        die("UFFDIO_WRITEPROTECT");
    printf("async-arm %f\n", (double)(now() - start) / (double)count);
    printf("async-write %f\n", write_pages(window, 2, count / 2));
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    static struct page_range ranges[LENGTH / PAGE];
    struct page_scan scan = { .size = sizeof scan, .flags = SCAN_WP | SCAN_CHECK_ASYNC, .start = (uintptr_t)window, .end = (uintptr_t)window + LENGTH, .vector = (uintptr_t)ranges,
        .vector_length = LENGTH / PAGE, .required = PAGE_WRITTEN, .returned = PAGE_WRITTEN };
    start = now();
    long found = ioctl(pagemap, IOCTL_SCAN, &scan);
    uint64_t time = now() - start;
    if (found != (long)count / 2)
        die("PAGEMAP_SCAN does not find what was written");
    printf("async-scan %f\n", (double)time / (double)count);
    munmap(window, LENGTH);
    close(uffd);
    close(file);

    count = FEW;
    for (int cpu = 0; cpu < 2; cpu++) {
        file = -1;
        window = map_file(&file, "window", FEW * PAGE, 1);
        for (uint64_t at = 0; at < FEW * PAGE; at += PAGE)
            window[at] = 1;
        uffd = open_uffd(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
        watch(uffd, window, FEW * PAGE, UFFDIO_REGISTER_MODE_WP);
        pid_t handler = fork();
        if (handler == 0)
            allow(uffd, cpu);
        start = now();
        if (protect(uffd, window, FEW * PAGE, 1))
            die("UFFDIO_WRITEPROTECT");
        if (cpu == 0)
            printf("sync-arm %f\n", (double)(now() - start) / (double)count);
        printf(cpu == 0 ? "sync-write %f\n" : "sync-write-other %f\n", write_pages(window, 1, count));
        kill(handler, SIGKILL);
        waitpid(handler, NULL, 0);
    }
}

int main(int count, char **arguments)
{
    if (count == 2 && !strcmp(arguments[1], "fill"))
        fill();
    else if (count == 2 && !strcmp(arguments[1], "dirty"))
        dirty();
    else
        die("fault_moves fill|dirty");
    return 0;
}
