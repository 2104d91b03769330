// Copyright (c) The Physr authors. Licensed under the MIT license.
//
// Why pages of shared memory cannot be taken out by what an asynchronous write-protection says of them. A thread adds one to a counter in each page, again and again; another takes pages out:
//   async  PAGEMAP_SCAN says that a page was not written to since its bytes were saved, and then its hole is punched; no writer can be made to wait between the two
//   sync   the page is write-protected, saved and removed; a writer in between faults, waits, and finds the page as it was saved
// A counter that is behind what its only writer wrote is a lost write. Between the last look and the hole who takes pages out may be off its processor for a while: so long, in microseconds.
//
//   fault_lost async|sync MILLISECONDS PAUSE

#include "fault_pager.h"

#define PAGES 4ul

static int uffd, file = -1, is_async, pause_time;
static char *window, *store, is_there[PAGES];
static _Atomic int is_over;
static _Atomic uint64_t lost, writes;
static pthread_mutex_t moving = PTHREAD_MUTEX_INITIALIZER; // a page is taken out or brought in, not both

static void *serve(void *argument)
{
    (void)argument;
    struct pollfd ready = { .fd = uffd, .events = POLLIN };
    struct uffd_msg fault;
    while (!is_over) {
        if (poll(&ready, 1, 100) <= 0 || read(uffd, &fault, sizeof fault) != (ssize_t)sizeof fault)
            continue;
        uint64_t at = (fault.arg.pagefault.address - (uintptr_t)window) & ~(PAGE - 1);
        pthread_mutex_lock(&moving);
        if (is_there[at / PAGE])
            wake(uffd, window + at, PAGE);
        else if (copy_in(uffd, window + at, store + at, PAGE, is_async ? UFFDIO_COPY_MODE_WP : 0))
            die("UFFDIO_COPY");
        is_there[at / PAGE] = 1;
        pthread_mutex_unlock(&moving);
    }
    return NULL;
}

static void *count_up(void *argument)
{
    (void)argument;
    static uint64_t expected[PAGES];
    uint64_t state = 1;
    while (!is_over) {
        uint64_t page = next_random(&state) % PAGES;
        volatile uint64_t *counter = (volatile uint64_t *)(window + page * PAGE);
        for (int i = 0; i < 50 && !is_over; i++) {
            uint64_t value = *counter;
            lost += value != expected[page];
            *counter = expected[page] = value + 1;
            writes++;
        }
    }
    return NULL;
}

static int was_written(int pagemap, const char *page, int and_protect)
{
    struct page_range range;
    struct page_scan scan = { .size = sizeof scan, .flags = and_protect ? SCAN_WP : 0, .start = (uintptr_t)page, .end = (uintptr_t)page + PAGE, .vector = (uintptr_t)&range, .vector_length = 1,
        .required = PAGE_WRITTEN, .returned = PAGE_WRITTEN };
    long found = ioctl(pagemap, IOCTL_SCAN, &scan);
    if (found < 0)
        die("PAGEMAP_SCAN");
    return found != 0;
}

static int take_out(int pagemap, uint64_t at)
{
    if (!is_there[at / PAGE])
        return 0;
    if (!is_async && protect(uffd, window + at, PAGE, 1))
        die("UFFDIO_WRITEPROTECT");
    for (int tries = 0;; tries++) {
        if (is_async)
            was_written(pagemap, window + at, 1);
        if (pread(file, store + at, PAGE, (off_t)at) != (ssize_t)PAGE)
            die("pread");
        if (!is_async || !was_written(pagemap, window + at, 0))
            break;
        if (tries == 20)
            return 0;
    }
    for (uint64_t until = now() + (uint64_t)pause_time * 1000; now() < until;)
        sched_yield();
    if (fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, PAGE))
        die("fallocate");
    wake(uffd, window + at, PAGE);
    is_there[at / PAGE] = 0;
    return 1;
}

int main(int count, char **arguments)
{
    if (count != 4)
        die("fault_lost async|sync MILLISECONDS PAUSE");
    pause_time = atoi(arguments[3]);
    is_async = !strcmp(arguments[1], "async");
    uint64_t end = now() + strtoull(arguments[2], NULL, 0) * 1000000, evictions = 0, state = 2;
    int store_file = -1, pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    window = map_file(&file, "window", PAGES * PAGE, 0);
    store = map_file(&store_file, "store", PAGES * PAGE, 1);
    uffd = open_uffd(UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM | (is_async ? FEATURE_WP_ASYNC | FEATURE_WP_UNPOPULATED : 0));
    watch(uffd, window, PAGES * PAGE, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
    pthread_t server, writer;
    pthread_create(&server, NULL, serve, NULL);
    pthread_create(&writer, NULL, count_up, NULL);
    while (now() < end) {
        uint64_t at = next_random(&state) % PAGES * PAGE;
        pthread_mutex_lock(&moving);
        int is_out = take_out(pagemap, at);
        pthread_mutex_unlock(&moving);
        evictions += (uint64_t)is_out;
        sched_yield();
    }
    is_over = 1;
    pthread_join(writer, NULL);
    pthread_join(server, NULL);
    printf("evictions %lu\nwrites %lu\nlost %lu\n", evictions, (uint64_t)writes, (uint64_t)lost);
    return 0;
}
