// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Host;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Gpu;

public sealed class GpuMemoryAllocatorTests
{
    private const ulong Block = 2UL << 20;

    [Fact]
    public void RandomUse_AgreesWithANaiveList()
    {
        for (ulong seed = 1; seed <= 30; seed++)
        {
            SeededRandom random = new(seed);
            GpuMemoryAllocator memory = new(Block, 6 * Block);
            List<(ulong Offset, int Order, bool IsPinned)> live = [];
            for (int i = 0; i < 4000; i++)
            {
                ulong draw = random.Below(100);
                if (draw < 52)
                {
                    int order = random.Below(60) == 0 ? 9 : 0;
                    bool pinned = random.Below(10) == 0;
                    ulong free = memory.FreePages;
                    int blocks = memory.FreeBlocks;
                    Errno errno = memory.TryAllocate(order, "x", out ulong offset, pinned);
                    Assert.Equal(order == 9 ? blocks == 0 : free == 0, errno == Errno.ENOMEM);
                    if (errno == Errno.None)
                    {
                        Assert.DoesNotContain(live, one => offset < one.Offset + (4096UL << one.Order) && one.Offset < offset + (4096UL << order));
                        Assert.InRange(offset, Block, (7 * Block) - (4096UL << order));
                        live.Add((offset, order, pinned));
                    }
                }
                else if (live.Count != 0)
                {
                    int at = (int)random.Below((ulong)live.Count);
                    (ulong offset, int order, bool pinned) = live[at];
                    live.RemoveAt(at);
                    if (draw < 70 && !pinned)
                    {
                        memory.Touch(offset + (order == 9 ? random.Below(Block) : 0));
                        live.Add((offset, order, pinned));
                    }
                    else if (draw < 72 && order == 9)
                    {
                        memory.Split(offset);
                        live.InsertRange(at, Enumerable.Range(0, 512).Select(page => (offset + ((ulong)page * 4096), 0, pinned)));
                    }
                    else
                    {
                        memory.Free(offset, order);
                    }
                }

                Assert.Equal((6 * 512) - live.Sum(static one => 1 << one.Order), (int)memory.FreePages);
                Assert.Equal(live.Count, memory.Outstanding);
            }

            GpuMemoryPage[] oldest = new GpuMemoryPage[live.Count];
            int count = memory.OldestFirst(oldest);
            Assert.Equal(live.Where(static one => !one.IsPinned).Select(static one => (one.Offset, one.Order)), oldest.Take(count).Select(static page => (page.Offset, page.Order)));
            Assert.Equal(live.OrderBy(static one => one.Offset).Select(static one => one.Offset), memory.OutstandingPages.Select(static page => page.Offset));
            live.ForEach(one => memory.Free(one.Offset, one.Order));
            Assert.Equal((6, 6 * 512UL, 0), (memory.FreeBlocks, memory.FreePages, memory.Outstanding));
        }
    }

    [Fact]
    public void PagesComeOutOfBrokenBlocksFirst_AndLeaksHaveNames()
    {
        GpuMemoryAllocator memory = new(0, 2 * Block);
        memory.TryAllocate(0, "first", out ulong first);
        memory.TryAllocate(9, "block", out ulong block);
        memory.TryAllocate(0, "second", out ulong second);
        Assert.Equal((0UL, Block, 4096UL), (first, block, second));
        Assert.Equal(Errno.ENOMEM, memory.TryAllocate(9, "none", out _));
        Assert.Equal([new(0, 0, "first"), new(4096, 0, "second"), new(Block, 9, "block")], memory.OutstandingPages);
    }

    [Theory]
    [InlineData(0UL, 9)]
    [InlineData(4096UL, 0)]
    [InlineData(8UL, 0)]
    [InlineData(Block, 0)]
    [InlineData(Block + 4096, 0)]
    [InlineData(4 * Block, 0)]
    public void WhatWasNotAllocated_CannotBeGivenBack(ulong offset, int order)
    {
        GpuMemoryAllocator memory = new(0, 2 * Block);
        memory.TryAllocate(0, "page", out _);
        memory.TryAllocate(9, "block", out _);
        Assert.Equal(Errno.EINVAL, Assert.Throws<PhysrException>(() => memory.Free(offset, order)).Errno);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Free(0, 3));
    }
}
