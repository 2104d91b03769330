// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Mmu;

/// <summary>The cache of leaves: 4 KiB and 2 MiB pages apart, four ways each, replaced in turn. What is in it is used, whatever the tables say by now.</summary>
internal sealed class GpuTlb
{
    private const int Ways = 4;
    private const int SmallSets = 256;
    private const int LargeSets = 16;
    private const int ContextBits = 8;

    private readonly Slot[] _small = new Slot[SmallSets * Ways];
    private readonly Slot[] _large = new Slot[LargeSets * Ways];
    private readonly byte[] _nextSmall = new byte[SmallSets];
    private readonly byte[] _nextLarge = new byte[LargeSets];

    /// <summary>Finds the cached leaf of an address.</summary>
    public bool TryFind(int context, ulong virtualAddress, out GpuPageEntry leaf, out ulong pageSize)
    {
        pageSize = PageSize.Size4K;
        if (Find(_small, SmallSets, context, virtualAddress / PageSize.Size4K, out leaf))
        {
            return true;
        }

        pageSize = PageSize.Size2M;
        return Find(_large, LargeSets, context, virtualAddress / PageSize.Size2M, out leaf);
    }

    /// <summary>Keeps a leaf, in place of the oldest of its set.</summary>
    public void Fill(int context, ulong virtualAddress, GpuPageEntry leaf, ulong pageSize)
    {
        bool isSmall = pageSize == PageSize.Size4K;
        ulong page = virtualAddress / pageSize;
        int set = SetOf(page, context, isSmall ? SmallSets : LargeSets);
        byte[] next = isSmall ? _nextSmall : _nextLarge;
        (isSmall ? _small : _large)[(set * Ways) + next[set]] = new(Tag(page, context), leaf);
        next[set] = (byte)((next[set] + 1) % Ways);
    }

    /// <summary>Forgets what a context has cached of a range, in both page sizes.</summary>
    /// <param name="context">The context.</param>
    /// <param name="first">The range's first byte.</param>
    /// <param name="last">Its last byte.</param>
    public void Drop(int context, ulong first, ulong last)
    {
        Drop(_small, context, first / PageSize.Size4K, last / PageSize.Size4K);
        Drop(_large, context, first / PageSize.Size2M, last / PageSize.Size2M);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_small);
        Array.Clear(_large);
        Array.Clear(_nextSmall);
        Array.Clear(_nextLarge);
    }

    private static void Drop(Slot[] slots, int context, ulong firstPage, ulong lastPage)
    {
        foreach (ref Slot slot in slots.AsSpan())
        {
            ulong page = slot.Tag >> ContextBits;
            if ((slot.Tag & ((1 << ContextBits) - 1)) == (ulong)context && page >= firstPage && page <= lastPage)
            {
                slot = default;
            }
        }
    }

    private static bool Find(Slot[] slots, int sets, int context, ulong page, out GpuPageEntry leaf)
    {
        ulong tag = Tag(page, context);
        foreach (ref readonly Slot slot in slots.AsSpan(SetOf(page, context, sets) * Ways, Ways))
        {
            if (slot.Tag == tag && slot.Leaf.IsValid)
            {
                leaf = slot.Leaf;
                return true;
            }
        }

        leaf = default;
        return false;
    }

    private static int SetOf(ulong page, int context, int sets) => (int)((page ^ ((ulong)context * 37)) & (ulong)(sets - 1));

    private static ulong Tag(ulong page, int context) => (page << ContextBits) | (uint)context;

    private readonly record struct Slot(ulong Tag, GpuPageEntry Leaf);
}
