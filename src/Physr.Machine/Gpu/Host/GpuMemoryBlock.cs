// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>What an allocator knows of 2 MiB: which pages are taken, and their places in the order of eviction.</summary>
internal sealed class GpuMemoryBlock
{
    public const int Pages = 512;
    public const int None = -1;

    /// <summary>In place of a neighbour: not in the order of eviction.</summary>
    public const int Pinned = -2;

    private readonly ulong[] _taken = new ulong[Pages / 64];

    /// <summary>Whether it is taken as one; what it has is then at page 0.</summary>
    public bool IsWhole { get; set; }

    public int Taken { get; private set; }

    public int[] Older { get; } = new int[Pages];

    public int[] Newer { get; } = new int[Pages];

    public string?[] Purposes { get; } = new string?[Pages];

    public bool IsTaken(int page) => (_taken[page / 64] >> (page % 64) & 1) != 0;

    public int TakeFirst()
    {
        for (int word = 0; ; word++)
        {
            if (_taken[word] != ulong.MaxValue)
            {
                int page = (word * 64) + System.Numerics.BitOperations.TrailingZeroCount(~_taken[word]);
                Take(page);
                return page;
            }
        }
    }

    public void Take(int page)
    {
        _taken[page / 64] |= 1UL << (page % 64);
        Taken++;
    }

    public void Release(int page)
    {
        _taken[page / 64] &= ~(1UL << (page % 64));
        Taken--;
        Purposes[page] = null;
    }
}
