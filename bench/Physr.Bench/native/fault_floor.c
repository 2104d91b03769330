// Copyright (c) The Physr authors. Licensed under the MIT license.
//
// The rival of the pager: two processes and nothing else. The parent touches memory and times it; its child serves the faults from a store, a memory file that it has mapped, and takes pages out again
// where there may not be as many. One userfaultfd and one handler for each faulting thread (shared: one userfaultfd and a handler on each processor); a page's state is a byte, as the pager keeps a word. It keeps no clock, no leases, no failures, and forgets
// everything when it dies.
//
//   fault_floor read|write same|other|free|queue|shared inline|ahead THREADS PAGES BUDGET TOUCHES SEED
//
// same, other: threads are pinned, the handler to the processor of its faulting thread or to the next. free: nobody is. queue: nobody is, and the thread that reads faults hands them to another that serves
// them, through a queue. inline: who serves a fault makes room for it; ahead: another thread does that before. Pages, budget and touches are of each thread.
// read touches each page once, in random order, and does so twice before it counts, as a pager that has just begun is slower; write writes to random pages.

#include "fault_pager.h"

enum { ABSENT, CLEAN, DIRTY, BUSY, BUSY_MISSED };
enum { SAME, OTHER, FREE, QUEUE, SHARED };

#define BATCH 64
#define PASSES 3

struct lane {
    int uffd, index;
    char *window, *store; // of this lane; the store is the child's
    uint64_t first;       // its first page in both files
    _Atomic uint8_t *states;
    uint32_t *ring;       // resident pages that nobody takes out, oldest first
    uint64_t head, count;
    _Atomic uint64_t used; // resident pages
    pthread_mutex_t lock; // of the ring and the queue
    pthread_cond_t filled, low;
    struct uffd_msg queue[64];
    unsigned queue_head, queue_count;
    uint32_t *samples;
    uint64_t sampled, elapsed;
};

static int is_write, is_ahead, placement, processors, window_file = -1, store_file = -1;
static uint64_t pages, budget, touches, seed, low_water;
static pthread_barrier_t *barrier;

// ---- the child ----

static void end_move(struct lane *lane, uint64_t page, uint8_t state)
{
    if (atomic_exchange(&lane->states[page], state) == BUSY_MISSED)
        wake(lane->uffd, lane->window + page * PAGE, PAGE);
}

// Write-protect, save, remove: what was written before is in the store, who writes later waits, and comes again.
static void evict(struct lane *lane, int most)
{
    for (int i = 0; i < most; i++) {
        pthread_mutex_lock(&lane->lock);
        if (lane->count == 0) {
            pthread_mutex_unlock(&lane->lock);
            return;
        }
        uint32_t page = lane->ring[lane->head++ % budget];
        lane->count--;
        uint8_t state = atomic_load(&lane->states[page]);
        int is_owned = (state == CLEAN || state == DIRTY) && atomic_compare_exchange_strong(&lane->states[page], &state, BUSY);
        if (!is_owned)
            lane->ring[(lane->head + lane->count++) % budget] = page;
        pthread_mutex_unlock(&lane->lock);
        if (!is_owned)
            continue;
        char *at = lane->window + page * PAGE;
        off_t offset = (off_t)((lane->first + page) * PAGE);
        if (state == DIRTY && (protect(lane->uffd, at, PAGE, 1) || pread(window_file, lane->store + page * PAGE, PAGE, offset) != (ssize_t)PAGE))
            die("a page cannot be saved");
        if (fallocate(window_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, PAGE))
            die("a page cannot be removed");
        lane->used--;
        end_move(lane, page, ABSENT);
    }
}

static void *evict_ahead(void *argument)
{
    struct lane *lane = argument;
    while (1) {
        pthread_mutex_lock(&lane->lock);
        while (budget - lane->used >= low_water)
            pthread_cond_wait(&lane->low, &lane->lock);
        pthread_mutex_unlock(&lane->lock);
        while (budget - lane->used < 2 * low_water)
            evict(lane, BATCH);
    }
    return NULL;
}

static void push(struct lane *lane, uint32_t page)
{
    pthread_mutex_lock(&lane->lock);
    lane->ring[(lane->head + lane->count++) % budget] = page;
    int is_low = is_ahead && budget - lane->used < low_water;
    pthread_mutex_unlock(&lane->lock);
    if (is_low)
        pthread_cond_signal(&lane->low);
}

static void serve(struct lane *lane, const struct uffd_msg *fault)
{
    if (fault->event != UFFD_EVENT_PAGEFAULT)
        return;
    uint64_t page = (fault->arg.pagefault.address - (uintptr_t)lane->window) / PAGE;
    int writes = (fault->arg.pagefault.flags & (UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP)) != 0;
    char *at = lane->window + page * PAGE;
    while (1) {
        uint8_t state = atomic_load(&lane->states[page]);
        if (state == BUSY || state == BUSY_MISSED) {
            if (atomic_compare_exchange_strong(&lane->states[page], &state, BUSY_MISSED))
                return;
        } else if (state == ABSENT) {
            while (is_write && lane->used >= budget)
                evict(lane, 1);
            lane->used++;
            atomic_store(&lane->states[page], BUSY);
            if (copy_in(lane->uffd, at, lane->store + page * PAGE, PAGE, writes ? 0 : UFFDIO_COPY_MODE_WP))
                die("a page cannot be put there");
            if (is_write)
                push(lane, (uint32_t)page);
            end_move(lane, page, writes ? DIRTY : CLEAN);
            return;
        } else if (atomic_compare_exchange_strong(&lane->states[page], &state, DIRTY)) {
            if (protect(lane->uffd, at, PAGE, 0))
                die("a page cannot be written to");
            return;
        }
    }
}

static void *fill_from_queue(void *argument)
{
    struct lane *lane = argument;
    while (1) {
        pthread_mutex_lock(&lane->lock);
        while (lane->queue_count == 0)
            pthread_cond_wait(&lane->filled, &lane->lock);
        struct uffd_msg fault = lane->queue[lane->queue_head++ % 64];
        lane->queue_count--;
        pthread_mutex_unlock(&lane->lock);
        serve(lane, &fault);
    }
    return NULL;
}

static struct lane *all_lanes;

// Of the lanes that share a descriptor, the one whose page it is.
static struct lane *lane_of(struct lane *lane, const struct uffd_msg *fault)
{
    return placement != SHARED ? lane : all_lanes + (fault->arg.pagefault.address - (uintptr_t)all_lanes->window) / (pages * PAGE);
}

static void *handle(void *argument)
{
    struct lane *lane = argument;
    if (placement != FREE && placement != QUEUE)
        pin((lane->index + (placement == OTHER)) % processors);
    struct pollfd ready = { .fd = lane->uffd, .events = POLLIN };
    struct uffd_msg faults[16];
    while (1) {
        if (poll(&ready, 1, -1) < 0)
            die("poll");
        ssize_t bytes = read(lane->uffd, faults, sizeof faults);
        for (ssize_t i = 0; i < bytes / (ssize_t)sizeof *faults; i++) {
            if (placement != QUEUE) {
                serve(lane_of(lane, &faults[i]), &faults[i]);
                continue;
            }
            pthread_mutex_lock(&lane->lock);
            lane->queue[(lane->queue_head + lane->queue_count++) % 64] = faults[i];
            pthread_mutex_unlock(&lane->lock);
            pthread_cond_signal(&lane->filled);
        }
    }
    return NULL;
}

static void be_pager(struct lane *lanes, int threads, int ready)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char *store = map_file(&store_file, "store", (uint64_t)threads * pages * PAGE, 1);
    pthread_t thread;
    all_lanes = lanes;
    for (int i = 0; i < threads; i++) {
        lanes[i].store = store + lanes[i].first * PAGE;
        lanes[i].ring = calloc(budget, sizeof *lanes[i].ring);
        pthread_create(&thread, NULL, handle, &lanes[i]);
        if (placement == QUEUE)
            pthread_create(&thread, NULL, fill_from_queue, &lanes[i]);
        if (is_ahead)
            pthread_create(&thread, NULL, evict_ahead, &lanes[i]);
    }
    if (write(ready, "", 1) != 1)
        die("the parent is gone");
    while (1)
        pause();
}

// ---- the parent ----

static void write_random(struct lane *lane, uint64_t *state)
{
    uint64_t *written = calloc(pages, sizeof *written), warm = 2 * budget;
    for (uint64_t i = 0; i < warm + touches; i++) {
        if (i == warm) {
            pthread_barrier_wait(barrier);
            lane->elapsed = now();
        }
        uint64_t page = next_random(state) % pages;
        uint64_t *at = (uint64_t *)(lane->window + page * PAGE);
        if (__atomic_exchange_n(at + 1, written[page] + 1, __ATOMIC_SEQ_CST) != written[page]) {
            fprintf(stderr, "error: page %lu lost a write\n", page);
            exit(1);
        }
        written[page]++;
    }
    lane->elapsed = now() - lane->elapsed;
}

static void read_each(struct lane *lane, uint64_t *state)
{
    uint32_t *order = malloc(pages * sizeof *order);
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t j = next_random(state) % (i + 1);
        order[i] = order[j];
        order[j] = (uint32_t)i;
    }
    for (int pass = 1; pass <= PASSES; pass++) {
        pthread_barrier_wait(barrier);
        lane->elapsed = now();
        for (uint64_t i = 0; i < touches; i++) {
            uint64_t start = now();
            uint64_t value = *(volatile uint64_t *)(lane->window + order[i] * PAGE);
            lane->samples[i] = (uint32_t)(now() - start);
            if (value != lane->first + order[i]) {
                fprintf(stderr, "error: page %lu has the bytes of %lu\n", lane->first + order[i], value);
                exit(1);
            }
        }
        lane->elapsed = now() - lane->elapsed;
        if (pass == PASSES)
            break;
        usleep(5000); // the handler has marked the last page
        memset((void *)lane->states, ABSENT, pages);
        if (fallocate(window_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(lane->first * PAGE), (off_t)(pages * PAGE)))
            die("pages cannot be removed");
    }
    lane->sampled = touches;
}

static void *touch(void *argument)
{
    struct lane *lane = argument;
    if (placement != FREE && placement != QUEUE)
        pin(lane->index % processors);
    uint64_t state = seed * 1000003 + (uint64_t)lane->index + 1;
    if (is_write)
        write_random(lane, &state);
    else
        read_each(lane, &state);
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 9) {
        fprintf(stderr, "error: fault_floor read|write same|other|free|queue|shared inline|ahead THREADS PAGES BUDGET TOUCHES SEED\n");
        return 2;
    }
    is_write = !strcmp(arguments[1], "write");
    const char *placements[] = { "same", "other", "free", "queue", "shared" };
    while (placement < SHARED && strcmp(arguments[2], placements[placement]))
        placement++;
    is_ahead = !strcmp(arguments[3], "ahead");
    int threads = atoi(arguments[4]);
    pages = strtoull(arguments[5], NULL, 0);
    budget = strtoull(arguments[6], NULL, 0);
    touches = strtoull(arguments[7], NULL, 0);
    seed = strtoull(arguments[8], NULL, 0);
    low_water = budget / 8 < 1024 ? budget / 8 : 1024;
    processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t all = (uint64_t)threads * pages;
    if (!is_write && touches > pages)
        touches = pages;
    char *store = map_file(&store_file, "store", all * PAGE, 1);
    for (uint64_t page = 0; page < all; page++)
        *(uint64_t *)(store + page * PAGE) = page;
    munmap(store, all * PAGE);
    char *window = map_file(&window_file, "window", all * PAGE, 0);
    struct lane *lanes = calloc((size_t)threads, sizeof *lanes);
    for (int i = 0; i < threads; i++) {
        lanes[i].index = i;
        lanes[i].first = (uint64_t)i * pages;
        lanes[i].window = window + lanes[i].first * PAGE;
        pthread_mutex_init(&lanes[i].lock, NULL);
        pthread_cond_init(&lanes[i].filled, NULL);
        pthread_cond_init(&lanes[i].low, NULL);
        lanes[i].states = mmap(NULL, pages, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        lanes[i].uffd = placement == SHARED && i > 0 ? lanes[0].uffd : open_uffd(UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_MINOR_SHMEM | UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
        watch(lanes[i].uffd, lanes[i].window, pages * PAGE, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_MINOR | UFFDIO_REGISTER_MODE_WP);
    }
    int ready[2];
    char byte;
    if (pipe(ready))
        die("pipe");
    pid_t child = fork();
    if (child == 0) {
        munmap(window, all * PAGE);
        close(ready[0]);
        be_pager(lanes, threads, ready[1]);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        return 1;
    pthread_barrier_t together;
    pthread_barrier_init(&together, NULL, (unsigned)threads);
    barrier = &together;
    pthread_t faulting[64];
    for (int i = 0; i < threads; i++) {
        lanes[i].samples = malloc((touches + 1) * sizeof *lanes[i].samples);
        memset(lanes[i].samples, 0, touches * sizeof *lanes[i].samples);
        pthread_create(&faulting[i], NULL, touch, &lanes[i]);
    }
    uint64_t longest = 0, sampled = 0;
    uint32_t *samples = malloc((touches + 1) * (uint64_t)threads * sizeof *samples);
    for (int i = 0; i < threads; i++) {
        pthread_join(faulting[i], NULL);
        memcpy(samples + sampled, lanes[i].samples, lanes[i].sampled * sizeof *samples);
        sampled += lanes[i].sampled;
        longest = lanes[i].elapsed > longest ? lanes[i].elapsed : longest;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    printf("rate %f\n", (double)touches * threads * 1e9 / (double)longest);
    if (sampled != 0) {
        printf("p50 %u\np99 %u\n", quantile(samples, sampled, 0.5), quantile(samples, sampled, 0.99));
        printf("max %u\n", samples[sampled - 1]);
    }
    return 0;
}
