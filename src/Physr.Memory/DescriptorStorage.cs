// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>The page descriptors of one range, off the managed heap, in blocks of one sub-section (or one deduplicated unit).</summary>
/// <remarks>All of them are counted when the range is registered, so that a registration costs what the planner says; a block's bytes are taken and filled
/// when the first of its pages is looked at, so that a terabyte is registered without touching gigabytes.</remarks>
internal sealed unsafe class DescriptorStorage
{
    private readonly nint[] _blocks;
    private readonly DescriptorLayout _layout;
    private readonly Altmap? _altmap;
    private int _reserved;
    private uint _pagemapId;
    private int _idleReferences;
    private ulong _metadataPages;

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

    /// <summary>Real descriptors reserved so far.</summary>
    public long Count => (long)_reserved * _layout.BlockDescriptors;

    private ulong BlockBytes => (ulong)_layout.BlockDescriptors * PageDescriptor.SizeBytes;

    public bool Contains(ulong page) => page - FirstPage < PageCount;

    /// <summary>Reserves every block; false, with some of them reserved, when the gate or the altmap refuses one. <see cref="Free"/> undoes either.</summary>
    public bool TryReserve(IAllocationGate? gate)
    {
        if (gate is null && _altmap is null)
        {
            _reserved = _blocks.Length;
            return true;
        }

        ulong metadataPages = BlockBytes >> PageSize.Shift4K;
        for (; _reserved < _blocks.Length; _reserved++)
        {
            if (gate?.TryPass("page descriptors") == false || _altmap?.TryAllocate(metadataPages) == false)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Says what fresh descriptors hold, before anybody sees them.</summary>
    /// <param name="pagemapId">The registration.</param>
    /// <param name="idleReferences">References of a page that nobody uses: 1 for generic memory.</param>
    /// <param name="metadataPages">Pages at the start that hold descriptors and have none themselves.</param>
    public void SetInitial(uint pagemapId, int idleReferences, ulong metadataPages)
    {
        _pagemapId = pagemapId;
        _idleReferences = idleReferences;
        _metadataPages = metadataPages;
    }

    /// <summary>Frees all blocks. Nobody may hold a page: the owner has waited for the last user.</summary>
    public void Free()
    {
        for (int block = 0; block < _blocks.Length; block++)
        {
            // SAFETY: allocated by Make with AlignedAlloc, or zero, which is ignored; forgotten right after.
            NativeMemory.AlignedFree((void*)_blocks[block]);
            _blocks[block] = 0;
        }

        if (_reserved != 0)
        {
            _altmap?.Return((ulong)_reserved * (BlockBytes >> PageSize.Shift4K));
            _reserved = 0;
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

        nint block = Volatile.Read(ref _blocks[(int)(index >> _layout.BlockOrder)]);
        if (block == 0)
        {
            block = Make((int)(index >> _layout.BlockOrder));
        }

        int slot = _layout.SlotOf(index & ((1UL << _layout.BlockOrder) - 1));
        // SAFETY: the block holds BlockDescriptors descriptors and SlotOf stays below that.
        return (PageDescriptor*)block + slot;
    }

    /// <summary>Takes and fills a block; of several threads that come at once, one's is kept.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private nint Make(int block)
    {
        void* fresh = NativeMemory.AlignedAlloc((nuint)BlockBytes, PageDescriptor.SizeBytes);
        // SAFETY: the block was just allocated with this many bytes.
        NativeMemory.Clear(fresh, (nuint)BlockBytes);
        Fill((PageDescriptor*)fresh, (ulong)block << _layout.BlockOrder);
        nint other = Interlocked.CompareExchange(ref _blocks[block], (nint)fresh, 0);
        if (other == 0)
        {
            return (nint)fresh;
        }

        // SAFETY: nobody else saw it.
        NativeMemory.AlignedFree(fresh);
        return other;
    }

    /// <summary>Fills fresh descriptors: generic pages start with one reference, all others idle; units larger than a page become heads and tails.</summary>
    private void Fill(PageDescriptor* descriptors, ulong firstIndex)
    {
        ulong unit = 1UL << _layout.Order;
        for (int slot = 0; slot < _layout.BlockDescriptors; slot++)
        {
            // In a deduplicated block the place of a descriptor is that of the first page it stands for.
            ulong index = firstIndex + (ulong)slot;
            ulong inUnit = index & (unit - 1);
            if (index < _metadataPages)
            {
                continue;
            }

            // SAFETY: slot is below BlockDescriptors, and nobody else sees the block yet.
            PageDescriptor* descriptor = descriptors + slot;
            descriptor->PagemapId = _pagemapId;
            descriptor->ReferenceCount = inUnit == 0 ? _idleReferences : 0;
            if (unit > 1)
            {
                descriptor->FlagBits = (ulong)(inUnit == 0 ? PageFlags.Head : PageFlags.Tail);
                descriptor->OrderValue = inUnit == 0 ? (byte)_layout.Order : (byte)0;
            }
        }
    }
}
