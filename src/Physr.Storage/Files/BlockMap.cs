// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

/// <summary>By how many extents each block is owned. 0 is free; blocks of metadata are nobody's and never free.</summary>
internal sealed class BlockMap
{
    private const int Metadata = -1;
    private const int BlocksPerLargePage = (int)(PageSize.Size2M / PageSize.Size4K);
    private readonly int[] _owners;
    private readonly int _first;

    /// <summary>Describes a device on which all data blocks are free.</summary>
    /// <param name="blocks">Blocks of the device.</param>
    /// <param name="first">The first that holds data.</param>
    public BlockMap(int blocks, int first)
    {
        _owners = new int[blocks];
        _owners.AsSpan(0, first).Fill(Metadata);
        _first = first;
        Free = blocks - first;
    }

    /// <summary>Blocks that nobody owns.</summary>
    public int Free { get; private set; }

    /// <summary>Blocks with more than one owner.</summary>
    public int Shared { get; private set; }

    /// <summary>Owners of every block.</summary>
    public ReadOnlySpan<int> Owners => _owners;

    /// <summary>Whether blocks are all of the data area.</summary>
    public bool Contains(ulong block, ulong count) => block >= (ulong)_first && block <= (ulong)_owners.Length && count <= (ulong)_owners.Length - block;

    public bool AreFree(ulong block, ulong count) => !_owners.AsSpan((int)block, (int)count).ContainsAnyExcept(0);

    public bool IsShared(ulong block) => _owners[block] > 1;

    /// <summary>How many blocks from one on are shared, or not shared, as it is.</summary>
    public ulong RunOfSharing(ulong block, ulong most)
    {
        ReadOnlySpan<int> run = _owners.AsSpan((int)block, (int)most);
        int end = run[0] > 1 ? run.IndexOfAnyInRange(int.MinValue, 1) : run.IndexOfAnyExcept(run[0]);
        return end < 0 ? most : (ulong)end;
    }

    /// <summary>Adds an owner.</summary>
    public void Add(ulong block, ulong count)
    {
        foreach (ref int owners in _owners.AsSpan((int)block, (int)count))
        {
            owners++;
            Free -= owners == 1 ? 1 : 0;
            Shared += owners == 2 ? 1 : 0;
        }
    }

    /// <summary>Takes an owner away.</summary>
    public void Remove(ulong block, ulong count)
    {
        foreach (ref int owners in _owners.AsSpan((int)block, (int)count))
        {
            owners--;
            Free += owners == 0 ? 1 : 0;
            Shared -= owners == 1 ? 1 : 0;
        }
    }

    /// <summary>Takes free blocks for pages, in as few pieces as may be, large pages where they fit.</summary>
    /// <param name="page">The first page: its place within 2 MiB is the block's where that can be had.</param>
    /// <param name="count">Pages; no more than are free.</param>
    /// <param name="goal">The block that would go on from what the file has before; 0 where there is none.</param>
    /// <param name="taken">Gets the pieces; they are owned then.</param>
    public void Take(ulong page, ulong count, ulong goal, List<Extent> taken)
    {
        while (count != 0)
        {
            Extent piece = Find(page, count, goal);
            Add(piece.Block, piece.Count);
            taken.Add(piece);
            page += piece.Count;
            count -= piece.Count;
            goal = piece.Block + piece.Count;
        }
    }

    private Extent Find(ulong page, ulong count, ulong goal)
    {
        if (goal != 0 && Contains(goal, 1) && _owners[goal] == 0)
        {
            ulong run = FreeRun((int)goal, count);
            if (run == count || (goal - page) % BlocksPerLargePage == 0)
            {
                return new(page, goal, run);
            }
        }

        ulong toLargePage = BlocksPerLargePage - (page % BlocksPerLargePage);
        if (count >= BlocksPerLargePage && (FindAligned(page, count, out ulong block) || FindAligned(page, count = Math.Min(count, toLargePage), out block)))
        {
            return new(page, block, count);
        }

        // The first run that holds all of it, or the longest.
        Extent best = default;
        for (int at = _first; at < _owners.Length && best.Count < count;)
        {
            int free = _owners.AsSpan(at).IndexOf(0);
            if (free < 0)
            {
                break;
            }

            ulong run = FreeRun(at + free, count);
            best = run > best.Count ? new(page, (ulong)(at + free), run) : best;
            at += free + (int)run;
        }

        return best;
    }

    private ulong FreeRun(int block, ulong most)
    {
        ReadOnlySpan<int> rest = _owners.AsSpan(block, (int)Math.Min(most, (ulong)(_owners.Length - block)));
        int end = rest.IndexOfAnyExcept(0);
        return end < 0 ? (ulong)rest.Length : (ulong)end;
    }

    private bool FindAligned(ulong page, ulong count, out ulong block)
    {
        int into = (int)(page % BlocksPerLargePage);
        int first = (_first & ~(BlocksPerLargePage - 1)) + into;
        for (long at = first < _first ? first + BlocksPerLargePage : first; at + (long)count <= _owners.Length; at += BlocksPerLargePage)
        {
            if (_owners[at] == 0 && AreFree((ulong)at, count))
            {
                block = (ulong)at;
                return true;
            }
        }

        block = 0;
        return false;
    }
}
