// Copyright (c) The Physr authors. Licensed under the MIT license.
//
// The rival of the "dma-map" group: what a map and an unmap cost where the IOVA allocator and the page table of the other two baselines are put together as an operating
// system's DMA layer does, and nothing else is done: no locks but theirs, no counts, no checks of who owns what, no invalidation. Written for this project.

#define take take_run
#include "iova_baseline.c"
#undef take
#include "pagetable_baseline.c"

struct dma {
    struct space *space;
    table *table;
};

struct dma *dma_new(uint64_t last, uint64_t sizes)
{
    struct dma *dma = malloc(sizeof *dma);
    dma->space = iova_new(last);
    dma->table = pt_new(sizes);
    return dma;
}

uint64_t dma_map(struct dma *dma, uint64_t physical, uint64_t length, uint64_t mask)
{
    uint64_t offset = physical & 4095, size = (offset + length + 4095) & ~4095ull;
    uint64_t iova = iova_allocate(dma->space, 0, size, mask);
    if (!iova)
        return ~0ull;
    if (pt_map(dma->table, iova, physical - offset, size)) {
        iova_free(dma->space, 0, iova, size);
        return ~0ull;
    }
    return iova + offset;
}

void dma_unmap(struct dma *dma, uint64_t address, uint64_t length)
{
    uint64_t offset = address & 4095, size = (offset + length + 4095) & ~4095ull;
    pt_unmap(dma->table, address - offset, size);
    dma->table->gather_start = ~0ull;
    dma->table->gather_end = 0;
    iova_free(dma->space, 0, address - offset, size);
}

// Unmaps a live mapping and maps other bytes of the same length in its place, `pairs` times; gives the number of failures.
uint64_t dma_pairs(struct dma *dma, uint64_t *live, const uint32_t *victims, uint64_t steps, uint64_t pairs, uint64_t physical, uint64_t length, uint64_t mask)
{
    uint64_t failures = 0;
    for (uint64_t i = 0; i < pairs; i++) {
        uint32_t victim = victims[i & (steps - 1)];
        dma_unmap(dma, live[victim], length);
        live[victim] = dma_map(dma, physical + victim * length, length, mask);
        failures += live[victim] == ~0ull;
    }
    return failures;
}
