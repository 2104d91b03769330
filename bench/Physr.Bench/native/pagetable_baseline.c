// Copyright (c) The Physr authors. Licensed under the MIT license.
//
// The rival of the "pagetable" group: a radix page table in x86-64 format as an operating system keeps one in C, with the same duties as ours. The largest leaves that
// alignment and length allow; an entry that is taken is refused; tables come from a free list, are installed by compare-and-swap, and are freed when a larger unmap covers
// them; entries are written one by one. Written for this project; no code of any other.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS 4
#define ENTRIES 512
#define PRESENT 1ull
#define PS (1ull << 7)
#define LEAF 0x67ull
#define TABLE 0x27ull
#define ADDRESS 0x000ffffffffff000ull

typedef struct page { uint64_t entry[ENTRIES]; } page;

typedef struct {
    page *top;
    uint64_t sizes;
    page *free;
    uint64_t gather_start, gather_end;
} table;

static inline int shift_of(int level) { return 3 + 9 * level; }
static inline int index_of(uint64_t iova, int level) { return (iova >> shift_of(level)) & (ENTRIES - 1); }
static inline page *next_of(uint64_t entry) { return (page *)(entry & ADDRESS); }
static inline int is_table(uint64_t entry, int level) { return level > 1 && (entry & (PRESENT | PS)) == PRESENT; }

static page *take(table *t) {
    page *p = t->free;
    if (p)
        t->free = (page *)p->entry[0];
    else if (!(p = aligned_alloc(4096, 4096)))
        return NULL;
    memset(p, 0, sizeof *p);
    return p;
}

static void give(table *t, page *p) {
    p->entry[0] = (uint64_t)t->free;
    t->free = p;
}

static void give_tree(table *t, page *p, int level) {
    for (int i = 0; level > 1 && i < ENTRIES; i++)
        if (is_table(p->entry[i], level))
            give_tree(t, next_of(p->entry[i]), level - 1);
    give(t, p);
}

table *pt_new(uint64_t sizes) {
    table *t = calloc(1, sizeof *t);
    t->sizes = sizes;
    t->top = take(t);
    t->gather_start = ~0ull;
    return t;
}

static void drop_tree(page *p, int level) {
    for (int i = 0; level > 1 && i < ENTRIES; i++)
        if (is_table(p->entry[i], level))
            drop_tree(next_of(p->entry[i]), level - 1);
    free(p);
}

void pt_delete(table *t) {
    drop_tree(t->top, LEVELS);
    while (t->free) {
        page *p = t->free;
        t->free = (page *)p->entry[0];
        free(p);
    }
    free(t);
}

// The largest size that fits, and how many leaves of it until a larger one could begin.
static int best(table *t, uint64_t iova, uint64_t pa, uint64_t length, uint64_t *count) {
    uint64_t fit = t->sizes & (~0ull >> __builtin_clzll(length));
    uint64_t both = iova | pa;
    if (both)
        fit &= (both & -both) | ((both & -both) - 1);
    int shift = 63 - __builtin_clzll(fit);
    uint64_t larger = t->sizes & ~((2ull << shift) - 1);
    uint64_t upto = length;
    if (larger) {
        larger &= -larger;
        if (!((iova ^ pa) & (larger - 1))) {
            uint64_t before = larger - (iova & (larger - 1));
            if (before + larger <= length)
                upto = before;
        }
    }
    *count = upto >> shift;
    return shift;
}

static int map_level(table *t, page *p, int level, int leaf, uint64_t iova, uint64_t pa, uint64_t count, uint64_t *mapped) {
    int index = index_of(iova, level);
    if (level == leaf) {
        uint64_t room = ENTRIES - index, n = count < room ? count : room;
        uint64_t size = 1ull << shift_of(level), bits = LEAF | (level > 1 ? PS : 0);
        for (uint64_t i = 0; i < n; i++)
            if (p->entry[index + i])
                return -17;
        for (uint64_t i = 0; i < n; i++)
            __atomic_store_n(&p->entry[index + i], (pa + i * size) | bits, __ATOMIC_RELEASE);
        *mapped += n * size;
        return 0;
    }
    uint64_t entry = __atomic_load_n(&p->entry[index], __ATOMIC_ACQUIRE);
    if (!entry) {
        page *child = take(t);
        if (!child)
            return -12;
        uint64_t made = (uint64_t)child | TABLE;
        if (__atomic_compare_exchange_n(&p->entry[index], &entry, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            entry = made;
        else
            give(t, child);
    }
    if (!is_table(entry, level))
        return -17;
    return map_level(t, next_of(entry), level - 1, leaf, iova, pa, count, mapped);
}

int pt_map(table *t, uint64_t iova, uint64_t pa, uint64_t length) {
    if (!length || ((iova | pa | length) & 4095) || iova >> 47 || length > (1ull << 47) - iova)
        return -22;
    while (length) {
        uint64_t count, mapped = 0;
        int shift = best(t, iova, pa, length, &count);
        int r = map_level(t, t->top, LEVELS, (shift - 3) / 9, iova, pa, count, &mapped);
        if (r)
            return r;
        iova += mapped;
        pa += mapped;
        length -= mapped;
    }
    return 0;
}

static uint64_t unmap_level(table *t, page *p, int level, uint64_t iova, uint64_t length) {
    int index = index_of(iova, level);
    uint64_t size = 1ull << shift_of(level), done = 0;
    while (done < length && index < ENTRIES) {
        uint64_t entry = __atomic_load_n(&p->entry[index], __ATOMIC_ACQUIRE);
        if (!entry)
            break;
        if (is_table(entry, level)) {
            uint64_t left = size - ((iova + done) & (size - 1));
            if (left > length - done)
                left = length - done;
            if (left == size) {
                // Covers the table: off it comes.
                __atomic_store_n(&p->entry[index], 0, __ATOMIC_RELEASE);
                give_tree(t, next_of(entry), level - 1);
                done += size;
            } else {
                uint64_t part = unmap_level(t, next_of(entry), level - 1, iova + done, left);
                done += part;
                if (part < left)
                    break;
            }
        } else {
            __atomic_store_n(&p->entry[index], 0, __ATOMIC_RELEASE);
            done += size;
        }
        index++;
    }
    return done;
}

uint64_t pt_unmap(table *t, uint64_t iova, uint64_t length) {
    uint64_t done = unmap_level(t, t->top, LEVELS, iova, length);
    if (iova < t->gather_start)
        t->gather_start = iova;
    if (iova + done > t->gather_end)
        t->gather_end = iova + done;
    return done;
}

uint64_t pt_walk(table *t, uint64_t iova) {
    page *p = t->top;
    if (iova >> 47)
        return ~0ull;
    for (int level = LEVELS;; level--) {
        uint64_t entry = __atomic_load_n(&p->entry[index_of(iova, level)], __ATOMIC_ACQUIRE);
        if (!is_table(entry, level)) {
            uint64_t mask = (1ull << shift_of(level)) - 1;
            return entry & PRESENT ? (entry & ADDRESS & ~mask) | (iova & mask) : ~0ull;
        }
        p = next_of(entry);
    }
}

// The same pieces of work that the bench gives to ours: "calls" calls, each "length" long, "stride" apart.
uint64_t pt_map_many(table *t, uint64_t iova, uint64_t pa, uint64_t length, uint64_t stride, uint64_t calls) {
    uint64_t failed = 0;
    for (uint64_t i = 0; i < calls; i++)
        failed += pt_map(t, iova + i * stride, pa + i * stride, length) != 0;
    return failed;
}

uint64_t pt_unmap_many(table *t, uint64_t iova, uint64_t length, uint64_t stride, uint64_t calls) {
    uint64_t done = 0;
    for (uint64_t i = 0; i < calls; i++) {
        done += pt_unmap(t, iova + i * stride, length);
        t->gather_start = ~0ull;
        t->gather_end = 0;
    }
    return done;
}

uint64_t pt_walk_many(table *t, const uint64_t *iova, uint64_t count) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += pt_walk(t, iova[i]);
    return sum;
}

// Each next address waits for the answer: the lowest bit of what was found, which is 0, is added to it.
uint64_t pt_walk_chain(table *t, const uint64_t *iova, uint64_t count) {
    uint64_t sum = 0, wait = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t found = pt_walk(t, iova[i] + wait);
        wait = found & 1;
        sum += found;
    }
    return sum;
}
