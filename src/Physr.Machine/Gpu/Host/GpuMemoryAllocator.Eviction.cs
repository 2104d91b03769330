// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <content>The order of eviction: what was allocated or touched longest ago comes first. Pinned allocations are not in it.</content>
public sealed partial class GpuMemoryAllocator
{
    /// <summary>Says that an allocation was used just now.</summary>
    /// <param name="offset">A byte of it.</param>
    /// <exception cref="PhysrException">Nothing is allocated there.</exception>
    public void Touch(ulong offset)
    {
        ulong page = (offset - _start) / PageSize.Size4K;
        GpuMemoryBlock? block = offset >= _start && page < TotalPages ? _blocks[page / GpuMemoryBlock.Pages] : null;
        if (block is null || !block.IsTaken((int)(page % GpuMemoryBlock.Pages)))
        {
            throw new PhysrException("touch GPU memory", $"0x{offset:x}", Errno.EINVAL, "nothing is allocated there");
        }

        int global = (int)(block.IsWhole ? page - (page % GpuMemoryBlock.Pages) : page);
        if (block.Older[global % GpuMemoryBlock.Pages] != GpuMemoryBlock.Pinned)
        {
            Unlink(global);
            Append(global);
        }
    }

    /// <summary>Tells of the allocations that are first to go.</summary>
    /// <param name="candidates">Filled from its start, the oldest first.</param>
    /// <returns>How many.</returns>
    public int OldestFirst(Span<GpuMemoryPage> candidates)
    {
        int count = 0;
        for (int page = _oldest; page != GpuMemoryBlock.None && count < candidates.Length; page = NewerOf(page))
        {
            candidates[count++] = Describe(page);
        }

        return count;
    }

    private GpuMemoryPage Describe(int page)
    {
        GpuMemoryBlock block = _blocks[page / GpuMemoryBlock.Pages]!;
        int within = page % GpuMemoryBlock.Pages;
        return new(_start + ((ulong)page * PageSize.Size4K), block.IsWhole ? BlockOrder : 0, block.Purposes[within]!);
    }

    private ref int OlderOf(int page) => ref _blocks[page / GpuMemoryBlock.Pages]!.Older[page % GpuMemoryBlock.Pages];

    private ref int NewerOf(int page) => ref _blocks[page / GpuMemoryBlock.Pages]!.Newer[page % GpuMemoryBlock.Pages];

    private void Append(int page) => InsertAfter(page, _newest);

    private void InsertAfter(int page, int older)
    {
        int newer = older == GpuMemoryBlock.None ? _oldest : NewerOf(older);
        OlderOf(page) = older;
        NewerOf(page) = newer;
        Link(older, newer, page, page);
    }

    private void Unlink(int page)
    {
        int older = OlderOf(page);
        if (older != GpuMemoryBlock.Pinned)
        {
            int newer = NewerOf(page);
            Link(older, newer, newer, older);
            OlderOf(page) = GpuMemoryBlock.Pinned;
        }
    }

    private void Link(int older, int newer, int afterOlder, int beforeNewer)
    {
        if (older == GpuMemoryBlock.None)
        {
            _oldest = afterOlder;
        }
        else
        {
            NewerOf(older) = afterOlder;
        }

        if (newer == GpuMemoryBlock.None)
        {
            _newest = beforeNewer;
        }
        else
        {
            OlderOf(newer) = beforeNewer;
        }
    }
}
