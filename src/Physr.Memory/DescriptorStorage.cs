// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>The page descriptors of one range, off the managed heap, in blocks of one sub-section (or one deduplicated unit).</summary>
internal sealed unsafe class DescriptorStorage
{
    private readonly nint[] _blocks;
    private readonly DescriptorLayout _layout;
    private readonly Altmap? _altmap;
    private int _allocated;

    /// <param name="firstPage">The number of the first page.</param>
    /// <param name="pages">How many; a multiple of the block.</param>
    /// <param name="layout">Which descriptor stands for which page.</param>
    /// <param name="altmap">Where the device keeps them; null for RAM.</param>
    public DescriptorStorage(ulong firstPage, ulong pages, DescriptorLayout layout, Altmap? altmap)
    {
        FirstPage = firstPage;
        PageCount = pages;
        _layout = layout;
        _altmap = altmap;
        _blocks = new nint[checked((int)(pages >> layout.BlockOrder))];
    }

    public ulong FirstPage { get; }

    public ulong PageCount { get; }

    public DescriptorLayout Layout => _layout;

    /// <summary>Real descriptors allocated so far.</summary>
    public long Count => (long)_allocated * _layout.BlockDescriptors;

    public bool Contains(ulong page) => page - FirstPage < PageCount;

    /// <summary>Allocates and clears every block; false, with some of them made, when memory or the altmap runs out. <see cref="Free"/> undoes either.</summary>
    public bool TryAllocate(IAllocationGate? gate)
    {
        nuint bytes = (nuint)_layout.BlockDescriptors * PageDescriptor.SizeBytes;
        ulong metadataPages = bytes >> PageSize.Shift4K;
        for (; _allocated < _blocks.Length; _allocated++)
        {
            if (gate?.TryPass("page descriptors") == false || _altmap?.TryAllocate(metadataPages) == false)
            {
                return false;
            }

            void* block;
            try
            {
                block = NativeMemory.AlignedAlloc(bytes, PageDescriptor.SizeBytes);
            }
            catch (OutOfMemoryException)
            {
                _altmap?.Return(metadataPages);
                return false;
            }

            // SAFETY: the block was just allocated with this many bytes.
            NativeMemory.Clear(block, bytes);
            _blocks[_allocated] = (nint)block;
        }

        return true;
    }

    /// <summary>Frees all blocks. Nobody may hold a page: the owner has waited for the last user.</summary>
    public void Free()
    {
        ulong metadataPages = ((ulong)_layout.BlockDescriptors * PageDescriptor.SizeBytes) >> PageSize.Shift4K;
        while (_allocated > 0)
        {
            _allocated--;

            // SAFETY: allocated by TryAllocate with AlignedAlloc, and freed once since the count goes down with it.
            NativeMemory.AlignedFree((void*)_blocks[_allocated]);
            _blocks[_allocated] = 0;
            _altmap?.Return(metadataPages);
        }
    }

    /// <summary>The descriptor that stands for a page of this range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PageDescriptor* At(ulong page)
    {
        ulong index = page - FirstPage;
        if (index >= PageCount)
        {
            throw new ArgumentOutOfRangeException(nameof(page), page, "The page is not in this range.");
        }

        nint block = _blocks[(int)(index >> _layout.BlockOrder)];
        int slot = _layout.SlotOf(index & ((1UL << _layout.BlockOrder) - 1));

        // SAFETY: the block holds BlockDescriptors descriptors and SlotOf stays below that.
        return (PageDescriptor*)block + slot;
    }
}
