// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Bench;

/// <summary>The baseline of the owner look-ups: a table of the shape that SPDK keeps, one array per GiB under one array of GiBs, with a 64-bit word per 2 MiB and, below
/// that, per 4 KiB where a 2 MiB slot holds none.</summary>
/// <remarks>The word is the owner; how far it holds is known within its slot only, where <see cref="Memory.OwnerTable"/> knows it to the end of the owner's bytes. The top
/// level covers 2^42 bytes here; SPDK's covers 2^48 and is 4 MiB.</remarks>
internal sealed class FlatTable
{
    private const int TopBits = 12;

    private readonly Slots2M?[] _top = new Slots2M?[1 << TopBits];

    /// <summary>Makes the table of ranges of whole pages.</summary>
    /// <param name="set">The ranges.</param>
    /// <param name="leaves4K">Whether 2 MiB slots are described by 512 words of 4 KiB each; otherwise the ranges are whole slots.</param>
    public FlatTable(OwnerSet set, bool leaves4K)
    {
        foreach (Memory.OwnedRange owned in set.Ranges)
        {
            for (ulong at = owned.Range.Start.Value; at < owned.Range.End.Value; at += leaves4K ? PageSize.Size4K : PageSize.Size2M)
            {
                Slots2M slots = _top[at >> 30] ??= new();
                int slot = (int)(at >> 21) & 511;
                if (leaves4K)
                {
                    (slots.Leaves[slot] ??= new ulong[512])[(at >> 12) & 511] = owned.Provider.Value;
                }
                else
                {
                    slots.Words[slot] = owned.Provider.Value;
                }
            }
        }
    }

    /// <summary>The owner of an address, and the bytes left in its slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(ulong address, out ulong owner, out ulong remaining)
    {
        ulong top = address >> 30;
        if (top < (ulong)_top.Length && _top[top] is { } slots)
        {
            ulong word = slots.Words[(address >> 21) & 511];
            ulong size = PageSize.Size2M;
            if (word == 0 && slots.Leaves[(address >> 21) & 511] is { } leaf)
            {
                word = leaf[(address >> 12) & 511];
                size = PageSize.Size4K;
            }

            owner = word;
            remaining = size - (address & (size - 1));
            return word != 0;
        }

        owner = 0;
        remaining = 0;
        return false;
    }

    private sealed class Slots2M
    {
        public readonly ulong[] Words = new ulong[512];
        public readonly ulong[]?[] Leaves = new ulong[]?[512];
    }
}
