// Copyright (c) The Physr authors. Licensed under the MIT license.
//
// The rival of the IOVA allocator: how Linux's allocator behaves, written for this project from its described behaviour.
// - taken runs in a balanced tree by address (here a treap) and a list in address order; a run is looked for from the top down, from the place where the
//   last one was found, run by run; where a size was not found below 4 GiB is remembered until something there is freed;
// - sizes of 1 to 32 pages, rounded up to powers of two, go through magazines of 127 runs: a loaded and a previous one per CPU and size, and a depot per size;
// - below 4 GiB is tried first; a failure above empties all magazines and is tried once more.
// A CPU is a number that the caller gives. Locks are spin locks, as there.

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#define CPUS 8
#define ORDERS 6
#define MAGAZINE 127
#define LOW_LIMIT (1ull << 20) // pages below 4 GiB

struct run {
    struct run *left, *right;  // treap by address
    struct run *below, *above; // in address order
    uint64_t low, high;        // first and last page
    uint32_t priority;
};

struct magazine {
    struct magazine *next;
    unsigned count;
    uint64_t pages[MAGAZINE];
};

struct rack {
    pthread_spinlock_t lock;
    struct magazine *loaded, *previous;
} __attribute__((aligned(64)));

struct depot {
    pthread_spinlock_t lock;
    struct magazine *full;
} __attribute__((aligned(64)));

struct space {
    pthread_spinlock_t lock;
    struct run *root;
    struct run top;            // one past the highest page; never removed
    struct run *last, *last_low;
    uint64_t low_full;         // no run of so many pages was found below 4 GiB
    uint32_t seed;
    struct run *spare;
    struct depot depots[ORDERS];
    struct rack racks[CPUS][ORDERS];
};

// ---- the treap ----

static void insert_run(struct run **root, struct run *added)
{
    struct run **place = root;
    while (*place && (*place)->priority >= added->priority)
        place = added->low < (*place)->low ? &(*place)->left : &(*place)->right;
    struct run *rest = *place, **below = &added->left, **above = &added->right;
    *place = added;
    while (rest) {
        if (rest->low < added->low) {
            *below = rest;
            below = &rest->right;
            rest = rest->right;
        } else {
            *above = rest;
            above = &rest->left;
            rest = rest->left;
        }
    }
    *below = *above = NULL;
}

static struct run *remove_run(struct run **root, uint64_t page)
{
    struct run **place = root;
    while (*place && (*place)->low != page)
        place = page < (*place)->low ? &(*place)->left : &(*place)->right;
    struct run *gone = *place;
    if (!gone)
        return NULL;
    struct run *left = gone->left, *right = gone->right;
    while (left && right) {
        if (left->priority > right->priority) {
            *place = left;
            place = &left->right;
            left = left->right;
        } else {
            *place = right;
            place = &right->left;
            right = right->left;
        }
    }
    *place = left ? left : right;
    return gone;
}

// ---- the tree's allocator ----

static uint64_t take_locked(struct space *space, uint64_t size, uint64_t limit)
{
    uint64_t align = 1;
    while (align < size)
        align <<= 1;
    int is_low = limit <= LOW_LIMIT;
    if (is_low && size >= space->low_full)
        return 0;
    struct run *start = is_low ? space->last_low : space->last;
    for (int pass = 0; pass < 2; pass++) {
        // The second pass begins at the very top: what was freed above the remembered place is found too.
        for (struct run *above = start; above; above = above->below) {
            uint64_t high = above->low < limit ? above->low : limit;
            uint64_t floor = above->below ? above->below->high + 1 : 1;
            if (high < floor + size)
                continue;
            uint64_t at = (high - size) & ~(align - 1);
            if (at < floor)
                continue;
            struct run *run = space->spare;
            if (run)
                space->spare = run->left;
            else if (!(run = malloc(sizeof *run)))
                return 0;
            space->seed = space->seed * 1664525u + 1013904223u;
            run->priority = space->seed;
            run->low = at;
            run->high = at + size - 1;
            run->above = above;
            run->below = above->below;
            if (run->below)
                run->below->above = run;
            above->below = run;
            insert_run(&space->root, run);
            if (is_low)
                space->last_low = run;
            else
                space->last = run;
            return at;
        }
        if (start == &space->top)
            break;
        start = &space->top;
    }
    if (is_low)
        space->low_full = size;
    return 0;
}

static void give_back_locked(struct space *space, uint64_t page)
{
    struct run *gone = remove_run(&space->root, page);
    if (!gone)
        return;
    if (gone->low < LOW_LIMIT) {
        space->low_full = LOW_LIMIT;
        if (gone->low >= space->last_low->low || space->last_low == gone)
            space->last_low = gone->above;
    }
    if (gone->low >= space->last->low || space->last == gone)
        space->last = gone->above;
    gone->above->below = gone->below;
    if (gone->below)
        gone->below->above = gone->above;
    gone->left = space->spare;
    space->spare = gone;
}

static uint64_t take(struct space *space, uint64_t size, uint64_t limit)
{
    pthread_spin_lock(&space->lock);
    uint64_t page = take_locked(space, size, limit);
    pthread_spin_unlock(&space->lock);
    return page;
}

static void give_back(struct space *space, uint64_t page)
{
    pthread_spin_lock(&space->lock);
    give_back_locked(space, page);
    pthread_spin_unlock(&space->lock);
}

// ---- magazines ----

static void empty(struct space *space, struct magazine *magazine)
{
    pthread_spin_lock(&space->lock);
    while (magazine->count)
        give_back_locked(space, magazine->pages[--magazine->count]);
    pthread_spin_unlock(&space->lock);
}

static uint64_t pop(struct magazine *magazine, uint64_t size, uint64_t limit)
{
    for (unsigned i = magazine->count; i-- > 0;) {
        if (magazine->pages[i] + size <= limit) {
            uint64_t page = magazine->pages[i];
            magazine->pages[i] = magazine->pages[--magazine->count];
            return page;
        }
    }
    return 0;
}

static uint64_t take_kept(struct space *space, unsigned cpu, unsigned order, uint64_t limit)
{
    struct rack *rack = &space->racks[cpu][order];
    uint64_t page = 0;
    pthread_spin_lock(&rack->lock);
    if (rack->loaded->count) {
        page = pop(rack->loaded, 1ull << order, limit);
    } else if (rack->previous->count) {
        struct magazine *swap = rack->loaded;
        rack->loaded = rack->previous;
        rack->previous = swap;
        page = pop(rack->loaded, 1ull << order, limit);
    } else {
        struct depot *depot = &space->depots[order];
        pthread_spin_lock(&depot->lock);
        struct magazine *full = depot->full;
        if (full)
            depot->full = full->next;
        pthread_spin_unlock(&depot->lock);
        if (full) {
            free(rack->loaded);
            rack->loaded = full;
            page = pop(full, 1ull << order, limit);
        }
    }
    pthread_spin_unlock(&rack->lock);
    return page;
}

static int keep(struct space *space, unsigned cpu, unsigned order, uint64_t page)
{
    struct rack *rack = &space->racks[cpu][order];
    int kept = 1;
    pthread_spin_lock(&rack->lock);
    if (rack->loaded->count == MAGAZINE && rack->previous->count < MAGAZINE) {
        struct magazine *swap = rack->loaded;
        rack->loaded = rack->previous;
        rack->previous = swap;
    } else if (rack->loaded->count == MAGAZINE) {
        struct magazine *fresh = calloc(1, sizeof *fresh);
        if (fresh) {
            struct depot *depot = &space->depots[order];
            pthread_spin_lock(&depot->lock);
            rack->loaded->next = depot->full;
            depot->full = rack->loaded;
            pthread_spin_unlock(&depot->lock);
            rack->loaded = fresh;
        } else {
            kept = 0;
        }
    }
    if (kept)
        rack->loaded->pages[rack->loaded->count++] = page;
    pthread_spin_unlock(&rack->lock);
    return kept;
}

static void flush(struct space *space)
{
    for (unsigned order = 0; order < ORDERS; order++) {
        for (unsigned cpu = 0; cpu < CPUS; cpu++) {
            struct rack *rack = &space->racks[cpu][order];
            pthread_spin_lock(&rack->lock);
            empty(space, rack->loaded);
            empty(space, rack->previous);
            pthread_spin_unlock(&rack->lock);
        }
        struct depot *depot = &space->depots[order];
        pthread_spin_lock(&depot->lock);
        while (depot->full) {
            struct magazine *full = depot->full;
            depot->full = full->next;
            empty(space, full);
            free(full);
        }
        pthread_spin_unlock(&depot->lock);
    }
}

static uint64_t take_fast(struct space *space, unsigned cpu, uint64_t size, unsigned order, uint64_t limit, int flushes)
{
    uint64_t page = order < ORDERS ? take_kept(space, cpu, order, limit) : 0;
    if (!page)
        page = take(space, size, limit);
    if (!page && flushes) {
        flush(space);
        page = take(space, size, limit);
    }
    return page;
}

// ---- what the bench calls ----

struct space *iova_new(uint64_t last)
{
    struct space *space = aligned_alloc(64, (sizeof *space + 63) / 64 * 64);
    *space = (struct space){ .seed = 1, .low_full = LOW_LIMIT };
    space->top.low = (last >> 12) + 1;
    space->last = space->last_low = &space->top;
    pthread_spin_init(&space->lock, 0);
    for (unsigned order = 0; order < ORDERS; order++) {
        pthread_spin_init(&space->depots[order].lock, 0);
        for (unsigned cpu = 0; cpu < CPUS; cpu++) {
            struct rack *rack = &space->racks[cpu][order];
            pthread_spin_init(&rack->lock, 0);
            rack->loaded = calloc(1, sizeof *rack->loaded);
            rack->previous = calloc(1, sizeof *rack->previous);
        }
    }
    return space;
}

// Pages of a run: rounded up to a power of two where magazines keep it.
static uint64_t size_of(uint64_t length, unsigned *order)
{
    uint64_t size = (length + 4095) >> 12;
    *order = size <= 1 ? 0 : 64 - __builtin_clzll(size - 1);
    return *order < ORDERS ? 1ull << *order : size;
}

uint64_t iova_allocate(struct space *space, unsigned cpu, uint64_t length, uint64_t mask)
{
    unsigned order;
    uint64_t size = size_of(length, &order);
    uint64_t page = take_fast(space, cpu, size, order, LOW_LIMIT, 0);
    if (!page)
        page = take_fast(space, cpu, size, order, (mask >> 12) + 1, 1);
    return page << 12;
}

void iova_free(struct space *space, unsigned cpu, uint64_t address, uint64_t length)
{
    unsigned order;
    size_of(length, &order);
    if (order >= ORDERS || !keep(space, cpu, order, address >> 12))
        give_back(space, address >> 12);
}

// Frees a live run and takes another, `pairs` times; gives the number of failures.
uint64_t iova_pairs(struct space *space, unsigned cpu, uint64_t *addresses, uint64_t *lengths, const uint32_t *victims, const uint64_t *sizes, uint64_t steps, uint64_t at,
                    uint64_t pairs, uint64_t mask)
{
    uint64_t failures = 0;
    for (uint64_t i = 0; i < pairs; i++) {
        uint64_t step = (at + i) & (steps - 1);
        uint32_t victim = victims[step];
        iova_free(space, cpu, addresses[victim], lengths[victim]);
        addresses[victim] = iova_allocate(space, cpu, sizes[step], mask);
        lengths[victim] = sizes[step];
        failures += addresses[victim] == 0;
    }
    return failures;
}
