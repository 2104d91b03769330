// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.PageTables;

/// <summary>A block of native memory that table pages are cut from; freed once, at the latest when nothing refers to it any more.</summary>
internal sealed unsafe class TableMemory : SafeHandle
{
    private TableMemory(nint start, int pages)
        : base(0, ownsHandle: true)
    {
        SetHandle(start);
        Pages = pages;
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Its first page.</summary>
    public nint Start => handle;

    /// <summary>How many it holds.</summary>
    public int Pages { get; }

    /// <summary>Allocates a block; null when memory runs out, or lies where an entry cannot point.</summary>
    public static TableMemory? TryAllocate(int pages)
    {
        nuint bytes = (nuint)pages * (nuint)PageSize.Size4K;
        void* block;
        try
        {
            // A block of 2 MiB begins at a multiple of that, so that the host can back it with one large page.
            block = NativeMemory.AlignedAlloc(bytes, (nuint)(bytes >= PageSize.Size2M ? PageSize.Size2M : PageSize.Size4K));
        }
        catch (OutOfMemoryException)
        {
            return null;
        }

        TableMemory memory = new((nint)block, pages);
        if ((ulong)block + bytes <= EntryBits.PhysicalEnd)
        {
            return memory;
        }

        memory.Dispose();
        return null;
    }

    /// <summary>Whether a page is one of the block's.</summary>
    public bool Contains(nint page) => (ulong)(page - Start) < (ulong)Pages * PageSize.Size4K;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        // SAFETY: allocated by TryAllocate with AlignedAlloc; a safe handle releases once, and the table that walks it keeps it alive during every call.
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
