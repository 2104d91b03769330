// Copyright (c) The Physr authors. Licensed under the MIT license.
//
// The rivals of a store in a file. reads: one thread that keeps some random reads of 4 KiB under way through io_uring, past the page cache, and does nothing with what it gets. faults: as many threads touch
// memory that another process serves from the file, with one thread that waits for faults and for io_uring: each touch is a page's first.
//
//   fault_reads reads|faults FILE PAGES DEPTH READS SEED

#include "fault_pager.h"

#include <linux/io_uring.h>

static unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
static struct io_uring_sqe *entries;
static struct io_uring_cqe *completions;

static int open_ring(unsigned depth)
{
    struct io_uring_params made = { 0 };
    int ring = (int)syscall(SYS_io_uring_setup, depth, &made);
    if (ring < 0)
        die("io_uring_setup");
    uint64_t length = made.sq_off.array + made.sq_entries * sizeof(unsigned), other = made.cq_off.cqes + made.cq_entries * sizeof(struct io_uring_cqe);
    char *base = mmap(NULL, length > other ? length : other, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    entries = mmap(NULL, made.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    if (base == MAP_FAILED || entries == MAP_FAILED || !(made.features & IORING_FEAT_SINGLE_MMAP))
        die("the ring cannot be mapped");
    sq_tail = (unsigned *)(base + made.sq_off.tail);
    sq_mask = (unsigned *)(base + made.sq_off.ring_mask);
    sq_array = (unsigned *)(base + made.sq_off.array);
    cq_head = (unsigned *)(base + made.cq_off.head);
    cq_tail = (unsigned *)(base + made.cq_off.tail);
    cq_mask = (unsigned *)(base + made.cq_off.ring_mask);
    completions = (struct io_uring_cqe *)(base + made.cq_off.cqes);
    return ring;
}

static void queue_read(int file, void *to, uint64_t page, uint64_t slot)
{
    unsigned tail = *sq_tail, index = tail & *sq_mask;
    entries[index] = (struct io_uring_sqe){ .opcode = IORING_OP_READ, .fd = file, .off = page * PAGE, .addr = (uintptr_t)to, .len = PAGE, .user_data = slot };
    sq_array[index] = index;
    __atomic_store_n(sq_tail, tail + 1, __ATOMIC_RELEASE);
}

static int file, ring;
static uint64_t pages, depth, reads, state;

static void read_random(void)
{
    char *buffers = mmap(NULL, depth * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    uint64_t start = now(), sent = 0, done = 0;
    unsigned queued = 0;
    for (uint64_t slot = 0; slot < depth && sent < reads; slot++, sent++, queued++)
        queue_read(file, buffers + slot * PAGE, next_random(&state) % pages, slot);
    while (done < reads) {
        if (syscall(SYS_io_uring_enter, ring, queued, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR)
            die("io_uring_enter");
        queued = 0;
        unsigned head = *cq_head;
        for (; head != __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE); head++) {
            struct io_uring_cqe *ended = &completions[head & *cq_mask];
            if (ended->res != (int)PAGE)
                die("a read ended early");
            done++;
            if (sent < reads) {
                queue_read(file, buffers + ended->user_data * PAGE, next_random(&state) % pages, ended->user_data);
                sent++;
                queued++;
            }
        }
        __atomic_store_n(cq_head, head, __ATOMIC_RELEASE);
    }
    printf("rate %f\n", (double)reads * 1e9 / (double)(now() - start));
}

// ---- faults ----

static char *window;
static uint32_t *order;
static pthread_barrier_t together;

static void serve(int uffd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char *buffers = mmap(NULL, depth * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    uint64_t *places = calloc(depth, sizeof *places), free_slots[64], free_count = 0;
    struct uffd_msg faults[64];
    struct pollfd ready[2] = { { .fd = uffd, .events = POLLIN }, { .fd = ring, .events = POLLIN } };
    while (free_count < depth) {
        free_slots[free_count] = free_count;
        free_count++;
    }
    while (poll(ready, 2, -1) > 0) {
        ssize_t bytes = read(uffd, faults, sizeof faults);
        unsigned queued = 0;
        for (ssize_t i = 0; i < bytes / (ssize_t)sizeof *faults; i++, queued++) {
            uint64_t slot = free_slots[--free_count];
            places[slot] = faults[i].arg.pagefault.address;
            queue_read(file, buffers + slot * PAGE, (places[slot] - (uintptr_t)window) / PAGE, slot);
        }
        if (queued != 0 && syscall(SYS_io_uring_enter, ring, queued, 0, 0, NULL, 0) < 0)
            die("io_uring_enter");
        unsigned head = *cq_head;
        for (; head != __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE); head++) {
            struct io_uring_cqe *ended = &completions[head & *cq_mask];
            if (ended->res != (int)PAGE || copy_in(uffd, (void *)(uintptr_t)places[ended->user_data], buffers + ended->user_data * PAGE, PAGE, UFFDIO_COPY_MODE_WP))
                die("a page cannot be put there");
            free_slots[free_count++] = ended->user_data;
        }
        __atomic_store_n(cq_head, head, __ATOMIC_RELEASE);
    }
}

static void *touch(void *argument)
{
    uint64_t each = reads / depth, first = (uint64_t)(uintptr_t)argument * each, sum = 0;
    pthread_barrier_wait(&together);
    for (uint64_t i = first; i < first + each; i++)
        sum += *(volatile uint64_t *)(window + order[i] * PAGE);
    return (void *)(uintptr_t)sum;
}

static void fault_random(void)
{
    int window_file = -1, uffd = open_uffd(UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
    window = map_file(&window_file, "window", pages * PAGE, 0);
    watch(uffd, window, pages * PAGE, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
    order = malloc(pages * sizeof *order);
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t j = next_random(&state) % (i + 1);
        order[i] = order[j];
        order[j] = (uint32_t)i;
    }
    pid_t child = fork();
    if (child == 0)
        serve(uffd);
    pthread_t threads[64];
    pthread_barrier_init(&together, NULL, (unsigned)depth + 1);
    for (uint64_t i = 0; i < depth; i++)
        pthread_create(&threads[i], NULL, touch, (void *)(uintptr_t)i);
    pthread_barrier_wait(&together);
    uint64_t start = now();
    for (uint64_t i = 0; i < depth; i++)
        pthread_join(threads[i], NULL);
    printf("rate %f\n", (double)(reads / depth * depth) * 1e9 / (double)(now() - start));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

int main(int count, char **arguments)
{
    if (count != 7)
        die("fault_reads reads|faults FILE PAGES DEPTH READS SEED");
    pages = strtoull(arguments[3], NULL, 0);
    depth = strtoull(arguments[4], NULL, 0);
    reads = strtoull(arguments[5], NULL, 0);
    state = strtoull(arguments[6], NULL, 0) + 1;
    file = open(arguments[2], O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (file < 0 || depth > 64 || reads > pages)
        die(arguments[2]);
    ring = open_ring((unsigned)depth);
    if (!strcmp(arguments[1], "reads"))
        read_random();
    else
        fault_random();
    return 0;
}
