// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Machine.Gpu.Host;

/// <summary>The driver's allocator of GPU memory: 4 KiB pages (order 0) and 2 MiB blocks (order 9), the lowest free first, pages out of blocks that are broken already.
/// Not thread-safe. What it allocates for a block's own books it keeps.</summary>
public sealed partial class GpuMemoryAllocator
{
    /// <summary>The order of a 2 MiB block.</summary>
    public const int BlockOrder = 9;

    private readonly ulong _start;
    private readonly int _blockCount;
    private readonly GpuMemoryBlock?[] _blocks;
    private readonly ulong[] _free;
    private readonly ulong[] _broken;
    private int _oldest = GpuMemoryBlock.None;
    private int _newest = GpuMemoryBlock.None;

    /// <summary>Makes an allocator of a part of a GPU's memory.</summary>
    /// <param name="start">The first byte, a multiple of 2 MiB.</param>
    /// <param name="length">Bytes, a multiple of 2 MiB.</param>
    /// <exception cref="ArgumentException">One of the two is no multiple of 2 MiB, or there is nothing.</exception>
    public GpuMemoryAllocator(ulong start, ulong length)
    {
        if (start % PageSize.Size2M != 0 || length % PageSize.Size2M != 0 || length == 0)
        {
            throw new ArgumentException($"0x{start:x}+0x{length:x} is not whole blocks of 2 MiB.", nameof(length));
        }

        _start = start;
        _blockCount = checked((int)(length / PageSize.Size2M));
        _blocks = new GpuMemoryBlock?[_blockCount];
        _free = new ulong[(_blockCount + 63) / 64];
        _broken = new ulong[_free.Length];
        for (int block = 0; block < _blockCount; block++)
        {
            Set(_free, block);
        }

        TotalPages = length / PageSize.Size4K;
        FreePages = TotalPages;
        FreeBlocks = _blockCount;
    }

    /// <summary>Pages of 4 KiB.</summary>
    public ulong TotalPages { get; }

    /// <summary>Of these, not taken.</summary>
    public ulong FreePages { get; private set; }

    /// <summary>Blocks of 2 MiB no page of which is taken.</summary>
    public int FreeBlocks { get; private set; }

    /// <summary>Allocations not given back.</summary>
    public int Outstanding { get; private set; }

    /// <summary>What they are, by offset: for leak reports.</summary>
    public IEnumerable<GpuMemoryPage> OutstandingPages
    {
        get
        {
            for (int page = 0; page < _blockCount * GpuMemoryBlock.Pages; page++)
            {
                GpuMemoryBlock? block = _blocks[page / GpuMemoryBlock.Pages];
                if (block is null || (block.IsWhole && page % GpuMemoryBlock.Pages != 0) || !block.IsTaken(page % GpuMemoryBlock.Pages))
                {
                    continue;
                }

                yield return Describe(page);
            }
        }
    }

    /// <summary>Takes a page or a block.</summary>
    /// <param name="order">0 or <see cref="BlockOrder"/>.</param>
    /// <param name="purpose">For leak reports.</param>
    /// <param name="offset">Where it is in the GPU's memory.</param>
    /// <param name="isPinned">Whether it is no candidate for eviction.</param>
    /// <returns><see cref="Errno.ENOMEM"/> where there is none.</returns>
    public Errno TryAllocate(int order, string purpose, out ulong offset, bool isPinned = false)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        CheckOrder(order);
        offset = 0;
        int index = order == 0 ? First(_broken) : First(_free);
        index = index < 0 && order == 0 ? First(_free) : index;
        if (index < 0)
        {
            return Errno.ENOMEM;
        }

        GpuMemoryBlock block = _blocks[index] ??= new();
        if (block.Taken == 0)
        {
            Reset(_free, index);
            FreeBlocks--;
        }

        int page = TakeIn(block, index, order);
        FreePages -= 1UL << order;
        Outstanding++;
        block.Purposes[page] = purpose;
        int global = (index * GpuMemoryBlock.Pages) + page;
        block.Older[page] = GpuMemoryBlock.Pinned;
        if (!isPinned)
        {
            Append(global);
        }

        offset = _start + ((ulong)global * PageSize.Size4K);
        return Errno.None;
    }

    /// <summary>Gives a page or block back.</summary>
    /// <exception cref="PhysrException">It was not taken in this order, or was given back before.</exception>
    public void Free(ulong offset, int order)
    {
        CheckOrder(order);
        int global = Find(offset, order, "free GPU memory");
        int index = global / GpuMemoryBlock.Pages;
        GpuMemoryBlock block = _blocks[index]!;
        Unlink(global);
        int first = global % GpuMemoryBlock.Pages;
        for (int page = first; page < first + (1 << order); page++)
        {
            block.Release(page);
        }

        block.IsWhole = false;
        FreePages += 1UL << order;
        Outstanding--;
        if (block.Taken == 0)
        {
            Reset(_broken, index);
            Set(_free, index);
            FreeBlocks++;
        }
        else
        {
            Set(_broken, index);
        }
    }

    /// <summary>Makes 512 pages, each to be given back by itself, of a block that was taken as one. They take its place in the order of eviction.</summary>
    /// <exception cref="PhysrException">It was not taken as a block.</exception>
    public void Split(ulong offset)
    {
        int global = Find(offset, BlockOrder, "split GPU memory");
        GpuMemoryBlock block = _blocks[global / GpuMemoryBlock.Pages]!;
        block.IsWhole = false;
        Outstanding += GpuMemoryBlock.Pages - 1;
        Array.Fill(block.Purposes, block.Purposes[0]);
        bool isPinned = block.Older[0] == GpuMemoryBlock.Pinned;
        for (int page = 1; page < GpuMemoryBlock.Pages; page++)
        {
            block.Older[page] = GpuMemoryBlock.Pinned;
            if (!isPinned)
            {
                InsertAfter(global + page, global + page - 1);
            }
        }
    }

    private int TakeIn(GpuMemoryBlock block, int index, int order)
    {
        if (order == BlockOrder)
        {
            block.IsWhole = true;
            for (int page = 0; page < GpuMemoryBlock.Pages; page++)
            {
                block.Take(page);
            }

            return 0;
        }

        int taken = block.TakeFirst();
        if (block.Taken == GpuMemoryBlock.Pages)
        {
            Reset(_broken, index);
        }
        else
        {
            Set(_broken, index);
        }

        return taken;
    }

    private int Find(ulong offset, int order, string operation)
    {
        ulong page = (offset - _start) / PageSize.Size4K;
        if (offset >= _start && offset % PageSize.Size4K == 0 && page < TotalPages)
        {
            GpuMemoryBlock? block = _blocks[page / GpuMemoryBlock.Pages];
            int within = (int)(page % GpuMemoryBlock.Pages);
            if (block is not null && block.IsTaken(within) && block.IsWhole == (order == BlockOrder) && (order == 0 || within == 0))
            {
                return (int)page;
            }
        }

        throw new PhysrException(operation, $"0x{offset:x} order {order}", Errno.EINVAL, "this was not allocated");
    }

    private static void CheckOrder(int order)
    {
        if (order is not (0 or BlockOrder))
        {
            throw new ArgumentOutOfRangeException(nameof(order), order, "Orders are 0 and 9.");
        }
    }

    private static int First(ulong[] bits)
    {
        for (int word = 0; word < bits.Length; word++)
        {
            if (bits[word] != 0)
            {
                return (word * 64) + BitOperations.TrailingZeroCount(bits[word]);
            }
        }

        return -1;
    }

    private static void Set(ulong[] bits, int index) => bits[index / 64] |= 1UL << (index % 64);

    private static void Reset(ulong[] bits, int index) => bits[index / 64] &= ~(1UL << (index % 64));
}
